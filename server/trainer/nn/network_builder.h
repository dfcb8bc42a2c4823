// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_NETWORK_BUILDER_H_
#define SERVER_TRAINER_NN_NETWORK_BUILDER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random_source.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// The network that a sweep's model describes, parameters all zero, for samples of a data set with
// `data_shape` = [1, F] (the features of one row), [F, context] (a window of rows) or [C, H, W] (an
// image), and `outputs` output values.
//
//   tinymlp  flattens; Linear + ReLU for each of `hidden` (default 64, 32); Linear.
//   tinycnn  for each of `conv` (default 8, 16) a "same" convolution with odd `kernel` (default 3)
//            and ReLU; then Flatten and Linear + ReLU for each of `dense` (default 32), or with
//            pooling: global_average the mean of each channel (no dense layers unless given);
//            Linear.
//            [1, F]: one channel, convolved over the features, as the reference study does.
//            [F, context]: a channel for each feature, convolved over time.
//            [C, H, W]: kernel x kernel in two dimensions, each ReLU followed by 2 x 2 max pooling.
//   resnet8, ds_cnn, mobilenet_v1
//            the layers of mlperf_tiny.h, for [C, H, W] only.
//   autoencoder
//            flattens; as many outputs as the sample has values, whatever `outputs` is.
//
// InvalidArgument: a spec that cannot be built, with the key that is wrong.
absl::StatusOr<Network> BuildNetwork(const v1::ModelSpec& spec,
                                     absl::Span<const int64_t> data_shape, int64_t outputs);

// Weights and biases uniform in +-1/sqrt(fan-in), as PyTorch's Linear and Conv start. In a network
// with batch normalisation, weights uniform in +-sqrt(6/fan-in) (He et al. 2015), which keeps the
// variance from layer to layer, biases 0, and normalisation that changes nothing.
void InitializeParameters(RandomSource& random, Network& network);

// Uniform in [0, 1) from the upper 24 bits, the same on every machine.
float UniformFloat(RandomSource& random);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_NETWORK_BUILDER_H_
