// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_QUANTIZATION_H_
#define SERVER_TRAINER_NN_QUANTIZATION_H_

#include <cstdint>

namespace tinyjoule {

// value = scale x (stored - zero_point), stored in [-128, 127].
struct Quantization {
  float scale = 1.0F;
  int8_t zero_point = 0;

  bool operator==(const Quantization& other) const {
    return scale == other.scale && zero_point == other.zero_point;
  }
};

// Round half to even, saturated.
int8_t QuantizeValue(const Quantization& quantization, float value);
float DequantizeValue(const Quantization& quantization, int8_t stored);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_QUANTIZATION_H_
