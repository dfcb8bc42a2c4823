// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_QUANTIZATION_H_
#define COMMON_ONNX_QUANTIZATION_H_

#include <cstdint>

namespace tinyjoule {

// QuantizeLinear to int8: value = scale x (stored - zero_point), stored in [-128, 127].
struct Quantization {
  float scale = 1.0F;
  int8_t zero_point = 0;

  bool operator==(const Quantization& other) const {
    return scale == other.scale && zero_point == other.zero_point;
  }
};

}  // namespace tinyjoule

#endif  // COMMON_ONNX_QUANTIZATION_H_
