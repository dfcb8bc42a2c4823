// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/board_idle_range.h"

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

// Published idle powers (see the table's sources) lie inside, and what a shunt of ten times or a
// tenth of the declared resistance would show lies outside.
TEST(BoardIdleRangeTest, HoldsThePublishedPowerAndNotTenTimesIt) {
  const struct {
    const char* model;
    double published_w;
  } cases[] = {{"Raspberry Pi Zero 2 W Rev 1.0", 0.6},
               {"Raspberry Pi 3 Model B Rev 1.2", 1.4},
               {"Raspberry Pi 3 Model B Plus Rev 1.3", 1.9},
               {"Raspberry Pi 4 Model B Rev 1.5", 2.7}};
  for (const auto& c : cases) {
    const auto range = FindIdleRange("", c.model);
    ASSERT_TRUE(range.has_value()) << c.model;
    EXPECT_LT(range->min_w, c.published_w) << c.model;
    EXPECT_GT(range->max_w, c.published_w) << c.model;
    EXPECT_GT(range->min_w, c.published_w / 10) << c.model;
    EXPECT_LT(range->max_w, c.published_w * 10) << c.model;
  }
  EXPECT_LT(FindIdleRange("", "Raspberry Pi 3 Model B Rev 1.2")->max_w,
            FindIdleRange("", "Raspberry Pi 3 Model B Plus Rev 1.3")->max_w);
}

TEST(BoardIdleRangeTest, TheLabelWins) {
  EXPECT_EQ(FindIdleRange("rpi5", "Raspberry Pi 4 Model B Rev 1.5")->max_w,
            FindIdleRange("rpi5", "")->max_w);
  EXPECT_FALSE(FindIdleRange("odroid", "Raspberry Pi 4 Model B Rev 1.5").has_value());
  EXPECT_FALSE(FindIdleRange("", "Hardkernel ODROID-N2").has_value());
  EXPECT_FALSE(FindIdleRange("", "").has_value());
}

}  // namespace
}  // namespace tinyjoule
