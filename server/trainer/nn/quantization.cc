// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/quantization.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {

int8_t QuantizeValue(const Quantization& quantization, float value) {
  const float steps = std::nearbyint(value / quantization.scale) + quantization.zero_point;
  return static_cast<int8_t>(std::min(std::max(steps, -128.0F), 127.0F));
}

bool KeepsSteps(LayerKind kind) {
  return kind == LayerKind::kRelu || kind == LayerKind::kFlatten || kind == LayerKind::kMaxPool;
}

float DequantizeValue(const Quantization& quantization, int8_t stored) {
  return quantization.scale * static_cast<float>(stored - quantization.zero_point);
}

}  // namespace tinyjoule
