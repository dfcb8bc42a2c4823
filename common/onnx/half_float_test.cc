// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/half_float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tinyjoule {
namespace {

// IEEE 754-2019, binary16: one sign bit, 5 of exponent (bias 15), 10 of fraction.
TEST(HalfFloatTest, HasTheEncodingOfTheStandard) {
  for (const auto& [value, bits] :
       std::vector<std::pair<float, int>>{{0.0F, 0x0000},
                                          {-0.0F, 0x8000},
                                          {1.0F, 0x3C00},
                                          {-2.0F, 0xC000},
                                          {65504.0F, 0x7BFF},
                                          // 2^-14, the largest below it, 2^-24.
                                          {0x1p-14F, 0x0400},
                                          {0x1.ff8p-15F, 0x03FF},
                                          {0x1p-24F, 0x0001},
                                          {1.0F / 3, 0x3555},
                                          {INFINITY, 0x7C00}}) {
    EXPECT_EQ(HalfFloat(value).bits, bits) << value;
  }
}

TEST(HalfFloatTest, RoundsHalfToEven) {
  for (const auto& [value, rounded] :
       std::vector<std::pair<float, float>>{{2049, 2048},
                                            {2051, 2052},
                                            {2050.9F, 2050},
                                            {65519, 65504},
                                            {65520, INFINITY},
                                            {1e30F, INFINITY},
                                            {-65520, -INFINITY},
                                            {0x1p-25F, 0},
                                            {0x1.8p-24F, 0x1p-23F},
                                            // Half way between the largest below 2^-14 and 2^-14.
                                            {0x1.ffcp-15F, 0x1p-14F}}) {
    EXPECT_EQ(static_cast<float>(HalfFloat(value)), rounded) << value;
  }
  EXPECT_TRUE(std::isnan(static_cast<float>(HalfFloat(NAN))));
}

TEST(HalfFloatTest, EveryNumberComesBack) {
  for (int bits = 0; bits < 65'536; ++bits) {
    HalfFloat half;
    half.bits = static_cast<uint16_t>(bits);
    const float value = static_cast<float>(half);
    if (std::isnan(value)) continue;
    ASSERT_EQ(HalfFloat(value).bits, bits);
  }
}

}  // namespace
}  // namespace tinyjoule
