// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/half_float.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace tinyjoule {
namespace {

constexpr uint32_t kInfinity = 0x7F800000;
// 65,520 and 2^-14 as float32.
constexpr uint32_t kTooLarge = 0x477FF000;
constexpr uint32_t kSmallestNormal = 0x38800000;
// Of the exponents' biases, 127 - 15, in place.
constexpr uint32_t kBias = 112U << 23;
constexpr uint16_t kHalfInfinity = 0x7C00;
// Steps of the numbers below 2^-14: 2^-24.
constexpr float kStepsInOne = 16'777'216.0F;

uint16_t MagnitudeBits(uint32_t magnitude, float value) {
  if (magnitude > kInfinity) return kHalfInfinity | 0x200;
  if (magnitude >= kTooLarge) return kHalfInfinity;
  if (magnitude < kSmallestNormal) {
    return static_cast<uint16_t>(std::nearbyint(std::abs(value) * kStepsInOne));
  }
  const uint32_t rebiased = magnitude - kBias;
  // Up when more than half of a step is left over, or exactly half behind an odd one.
  return static_cast<uint16_t>((rebiased + 0xFFF + (rebiased >> 13 & 1)) >> 13);
}

}  // namespace

HalfFloat::HalfFloat(float value) {
  uint32_t word = 0;
  std::memcpy(&word, &value, sizeof(word));
  const uint32_t sign = word >> 31 << 15;
  bits = static_cast<uint16_t>(sign | MagnitudeBits(word & 0x7FFFFFFF, value));
}

HalfFloat::operator float() const {
  const uint32_t exponent = bits >> 10 & 0x1F;
  const uint32_t fraction = bits & 0x3FF;
  float magnitude = 0;
  if (exponent == 0) {
    magnitude = static_cast<float>(fraction) / kStepsInOne;
  } else if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else {
    const uint32_t word = (exponent << 23) + kBias + (fraction << 13);
    std::memcpy(&magnitude, &word, sizeof(magnitude));
  }
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

}  // namespace tinyjoule
