// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_QUANTIZED_NETWORK_H_
#define SERVER_TRAINER_COMPRESS_QUANTIZED_NETWORK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/quantization.h"

namespace tinyjoule {

// One layer of a QuantizedNetwork: weights int8, symmetric, one scale for each output channel;
// bias int32 with scale = scale of the input x scale of the channel's weights.
struct QuantizedLayer {
  // Kind, name and shapes; its weight and bias are empty.
  Layer layer;
  std::vector<int8_t> weight;
  std::vector<float> weight_scale;
  std::vector<int32_t> bias;
  // Of the layer's result; of a layer that a ReLU follows: of the ReLU's.
  Quantization output;
};

// A network in int8 as static quantisation after training leaves it: every tensor between two
// layers is int8 with one scale and zero point (a value).
struct QuantizedNetwork {
  std::vector<int64_t> sample_shape;
  Quantization input;
  std::vector<QuantizedLayer> layers;

  int64_t SampleSize() const { return layers.front().layer.in.size(); }
  int64_t OutputCount() const { return layers.back().layer.out.size(); }
  // The output changes in steps of this.
  float OutputStep() const { return layers.back().output.scale; }
};

// The outputs [row][output] for samples [row][sample size], by the arithmetic of the exported
// model: int8 values, 32-bit sums, one rounding behind each layer.
std::vector<float> Predict(const QuantizedNetwork& network, absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_QUANTIZED_NETWORK_H_
