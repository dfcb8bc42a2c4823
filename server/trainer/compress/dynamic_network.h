// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_DYNAMIC_NETWORK_H_
#define SERVER_TRAINER_COMPRESS_DYNAMIC_NETWORK_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// A network with int8 weights whose activations are quantised at run time: what a convolution or
// linear layer reads is rounded to 256 steps over the range of that very value in that sample, as
// ONNX's DynamicQuantizeLinear does. Sums, biases and everything else are float32. A value.
struct DynamicNetwork {
  // With the weights that the stored ones stand for.
  Network network;
  // By layer; empty for those without parameters. Symmetric; scales one for each output channel, or
  // one for the layer.
  std::vector<std::vector<int8_t>> weight;
  std::vector<std::vector<float>> weight_scale;
};

// Unimplemented: as PrepareToQuantize.
absl::StatusOr<DynamicNetwork> QuantizeDynamically(const Network& network, bool per_channel);

// What the exported model gives, each sample on its own.
std::vector<float> Predict(const DynamicNetwork& network, absl::Span<const float> samples);

// Rounds the values of one tensor as DynamicQuantizeLinear followed by DequantizeLinear.
void RoundDynamically(absl::Span<float> values);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_DYNAMIC_NETWORK_H_
