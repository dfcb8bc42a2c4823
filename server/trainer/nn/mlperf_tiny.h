// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_MLPERF_TINY_H_
#define SERVER_TRAINER_NN_MLPERF_TINY_H_

#include <cstdint>

#include "server/trainer/nn/layer_chain.h"

namespace tinyjoule {

// The reference models of MLPerf Tiny v1.0 (Banbury et al. 2021; github.com/mlcommons/tiny,
// benchmark/training), layer by layer: "same" padding, a bias in every convolution, batch
// normalisation and ReLU behind every layer but the last. Without their dropout, which only
// training knows, and with logits where they end in a softmax. Parameters with running moments, as
// Keras counts them, on the shapes that they were made for:
//
//   ResNet-8          3 x 32 x 32, 10 classes   78,666
//   DS-CNN            1 x 49 x 10, 12 classes   24,908
//   MobileNetV1 0.25  3 x 96 x 96, 2 classes   221,794
//   auto-encoder      640 values               269,992

void AddResNet8(int64_t outputs, LayerChain& chain);
// Averages all places of the last map; the original leaves out the last of 25 rows.
void AddDsCnn(int64_t outputs, LayerChain& chain);
// `width`: share of the full model's channels, in (0, 1].
void AddMobileNetV1(double width, int64_t outputs, LayerChain& chain);
// From a vector to as many values.
void AddAutoencoder(LayerChain& chain);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_MLPERF_TINY_H_
