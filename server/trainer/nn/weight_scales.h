// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_WEIGHT_SCALES_H_
#define SERVER_TRAINER_NN_WEIGHT_SCALES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace tinyjoule {

// How a layer's weights become int8: symmetric (zero point 0, stored in [-127, 127]), with a scale
// for each output channel or one for all of them.
struct WeightScaling {
  bool per_channel = true;
  // Of the layer's input; biases are stored in steps of it x the weights' scale. 0: the biases stay
  // float32.
  float in_scale = 0;
};

// The scales, [channels] or [1]: the largest magnitude becomes 127, unless the largest bias would
// then be too long for 32-bit sums. `weights` is [channel][fan in], `biases` [channel].
std::vector<float> WeightScales(const WeightScaling& scaling, absl::Span<const float> weights,
                                absl::Span<const float> biases);

// The stored weights of these scales.
std::vector<int8_t> QuantizeWeights(absl::Span<const float> weights,
                                    absl::Span<const float> scales);
// What they stand for.
std::vector<float> DequantizeWeights(absl::Span<const int8_t> stored,
                                     absl::Span<const float> scales);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_WEIGHT_SCALES_H_
