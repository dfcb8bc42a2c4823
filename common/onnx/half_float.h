// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_HALF_FLOAT_H_
#define COMMON_ONNX_HALF_FLOAT_H_

#include <cstdint>

namespace tinyjoule {

// A number of 16 bits as IEEE 754 has it (binary16): what models store, and nothing computes with.
struct HalfFloat {
  uint16_t bits = 0;

  HalfFloat() = default;
  // Rounds half to even; what is too large becomes infinite: 65,520 and above.
  explicit HalfFloat(float value);
  explicit operator float() const;
};

// The largest finite one.
constexpr float kLargestHalf = 65'504.0F;

}  // namespace tinyjoule

#endif  // COMMON_ONNX_HALF_FLOAT_H_
