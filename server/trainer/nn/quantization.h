// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_QUANTIZATION_H_
#define SERVER_TRAINER_NN_QUANTIZATION_H_

#include <algorithm>
#include <cstdint>

#include "common/onnx/quantization.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// Round half to even, saturated.
int8_t QuantizeValue(const Quantization& quantization, float value);
float DequantizeValue(const Quantization& quantization, int8_t stored);

// Whether a layer's values are some of those that it reads: they keep their steps.
bool KeepsSteps(LayerKind kind);

// Dequantised what is quantised, in one go and without a branch: loops over it are vector
// instructions. Adding 1.5 x 2^23 leaves no bit behind the point and rounds half to even.
inline float RoundToStep(const Quantization& quantization, float value) {
  constexpr float kNoFraction = 12'582'912.0F;
  const float zero_point = quantization.zero_point;
  const float steps =
      std::min(std::max(value / quantization.scale, -128.0F - zero_point), 127.0F - zero_point);
  return quantization.scale * ((steps + kNoFraction) - kNoFraction);
}

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_QUANTIZATION_H_
