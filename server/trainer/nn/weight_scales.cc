// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/weight_scales.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/trainer/nn/quantization.h"

namespace tinyjoule {
namespace {

constexpr float kLargestWeight = 127.0F;
// The largest 32-bit bias, well inside what 32-bit sums can carry, and exact in float32.
constexpr float kLargestBias = 16'777'216.0F;

float LargestMagnitude(absl::Span<const float> values) {
  float largest = 0;
  for (float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

float ScaleOf(float in_scale, absl::Span<const float> weights, absl::Span<const float> biases) {
  float scale = LargestMagnitude(weights) / kLargestWeight;
  if (in_scale > 0) {
    scale = std::max(scale, LargestMagnitude(biases) / (in_scale * kLargestBias));
  }
  return scale > std::numeric_limits<float>::min() ? scale : 1.0F;
}

}  // namespace

std::vector<float> WeightScales(const WeightScaling& scaling, absl::Span<const float> weights,
                                absl::Span<const float> biases) {
  if (!scaling.per_channel) return {ScaleOf(scaling.in_scale, weights, biases)};
  const size_t fan_in = weights.size() / biases.size();
  std::vector<float> scales;
  for (size_t o = 0; o < biases.size(); ++o) {
    scales.push_back(
        ScaleOf(scaling.in_scale, weights.subspan(o * fan_in, fan_in), biases.subspan(o, 1)));
  }
  return scales;
}

std::vector<int8_t> QuantizeWeights(absl::Span<const float> weights,
                                    absl::Span<const float> scales) {
  const size_t per_scale = weights.size() / scales.size();
  std::vector<int8_t> stored(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    stored[i] = QuantizeValue({scales[i / per_scale], 0}, weights[i]);
  }
  return stored;
}

std::vector<float> DequantizeWeights(absl::Span<const int8_t> stored,
                                     absl::Span<const float> scales) {
  const size_t per_scale = stored.size() / scales.size();
  std::vector<float> weights(stored.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    weights[i] = scales[i / per_scale] * static_cast<float>(stored[i]);
  }
  return weights;
}

}  // namespace tinyjoule
