// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/load_profile.h"

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

TEST(LoadProfileTest, AConstantLoadIsPowerTimesTime) {
  const LoadProfile load(2.6);
  EXPECT_DOUBLE_EQ(load.EnergyJ({5, 5 + 10 * kNsPerSecond}), 26.0);
  EXPECT_EQ(load.PowerAt(123), 2.6);
}

TEST(LoadProfileTest, APatternRepeatsInItsSpanAndNowhereElse) {
  LoadProfile load(1, {{2, 5}, {3, 7}});
  load.AddBusy({100, 111});
  EXPECT_EQ(load.PowerAt(99), 1);
  EXPECT_EQ(load.PowerAt(100), 5);
  EXPECT_EQ(load.PowerAt(101), 5);
  EXPECT_EQ(load.PowerAt(102), 7);
  EXPECT_EQ(load.PowerAt(105), 5);
  EXPECT_EQ(load.PowerAt(110), 5);
  EXPECT_EQ(load.PowerAt(111), 1);
  // 10 ns of idle, two patterns of 31, one more nanosecond of 5, 9 ns of idle.
  EXPECT_NEAR(load.EnergyJ({90, 120}), (10 + 62 + 5 + 9) * 1e-9, 1e-20);
}

TEST(LoadProfileTest, APhaseBeginsInsideThePattern) {
  LoadProfile load(1, {{2, 5}, {3, 7}});
  load.AddBusy({100, 110}, 4);
  EXPECT_EQ(load.PowerAt(100), 7);
  EXPECT_EQ(load.PowerAt(101), 5);
}

// Against a sum of a million steps.
TEST(LoadProfileTest, TheEnergyIsTheSumOfThePower) {
  for (LoadProfile load : {loads::BackToBack(), loads::Burst20MsPer100Ms(), loads::Square100Hz(),
                           loads::Burst100MsPerSecond()}) {
    load.AddBusy({7'654'321, 400 * kNsPerMs}, 12'345'678);
    load.AddBusy({500 * kNsPerMs, 2 * kNsPerSecond});
    constexpr int64_t kStepNs = 2 * kNsPerUs;
    const TimeSpan span{1'111, 1'111 + kNsPerSecond};
    double sum_j = 0;
    for (int64_t t = span.start_ns; t < span.end_ns; t += kStepNs) {
      sum_j += load.PowerAt(t + kStepNs / 2) * 2e-6;
    }
    EXPECT_NEAR(load.EnergyJ(span), sum_j, 500 * 2.3 * 1e-6);
    EXPECT_NEAR(
        load.EnergyJ({span.start_ns, 450 * kNsPerMs}) + load.EnergyJ({450 * kNsPerMs, span.end_ns}),
        load.EnergyJ(span), 1e-12);
  }
}

TEST(LoadProfileTest, ADerivedQuantityFollowsThePower) {
  LoadProfile load(2, {{1, 4}});
  load.AddBusy({0, kNsPerSecond});
  const LoadProfile::Quantity square = load.Derive([](double w) { return w * w; });
  EXPECT_DOUBLE_EQ(load.Integral(square, {0, 2 * kNsPerSecond}), 16 + 4);
  EXPECT_EQ(load.ValueAt(square, 5), 16);
}

}  // namespace
}  // namespace tinyjoule
