// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/steadiness.h"

#include <cmath>

#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kLookBackNs = 10 * kNsPerSecond;

TEST(TrendTest, NothingIsSaidBeforeThereIsAnOlderHalf) {
  Trend trend(kLookBackNs);
  EXPECT_FALSE(trend.Change().has_value());
  for (int t = 1; t <= 5; ++t) trend.Add(t * kNsPerSecond, t);
  EXPECT_FALSE(trend.Change().has_value());
  trend.Add(6 * kNsPerSecond, 6);
  EXPECT_TRUE(trend.Change().has_value());
}

// A straight line moves by its slope times half of the look-back, whatever came before.
TEST(TrendTest, OfAStraightLineIsItsSlope) {
  Trend trend(kLookBackNs);
  for (int t = 0; t <= 20; ++t) trend.Add(t * kNsPerSecond, t < 10 ? 1000 : 3 + 0.2 * t);
  EXPECT_NEAR(*trend.Change(), 0.2 * 5, 1e-12);
  EXPECT_NEAR(trend.newest_mean(), 3 + 0.2 * 18, 1e-12);
}

// The means of exp(-t / tau) over two neighbouring spans of h end at t: the difference is
// exp(-t / tau) (tau / h) (exp(h / tau) - 1)^2.
TEST(TrendTest, OfAnExponentialIsTheClosedForm) {
  constexpr double kTau = 30;
  constexpr double kHalf = 5;
  Trend trend(kLookBackNs);
  const auto mean = [](double end_s) {
    return kTau * (std::exp(-(end_s - 1) / kTau) - std::exp(-end_s / kTau));
  };
  for (int t = 1; t <= 100; ++t) {
    trend.Add(t * kNsPerSecond, mean(t));
    if (t < 10) continue;
    const double expected =
        std::exp(-t / kTau) * kTau / kHalf * std::pow(std::exp(kHalf / kTau) - 1, 2);
    EXPECT_NEAR(*trend.Change(), -expected, 1e-12) << t;
  }
}

// Pilots of a slow model are longer than the look-back.
TEST(TrendTest, LooksAtTheLastReadingsHoweverRareTheyAre) {
  Trend trend(kLookBackNs);
  int64_t t_ns = 0;
  for (const double value : {9.0, 1.0, 3.0, 8.0}) trend.Add(t_ns += 60 * kNsPerSecond, value);
  EXPECT_DOUBLE_EQ(*trend.Change(), 8 - (1 + 3) / 2.0);
}

TEST(SteadinessTest, NothingToldIsNoMovement) {
  EXPECT_THAT(Steadiness(kLookBackNs).Movements(), IsEmpty());
}

TEST(SteadinessTest, NamesWhatMovesAndHow) {
  Steadiness steadiness(kLookBackNs);
  for (int t = 1; t <= 10; ++t) {
    steadiness.AddPower(t * kNsPerSecond, t <= 5 ? 4 : 4.2);
    steadiness.AddTemperature(t * kNsPerSecond, t <= 5 ? 61 : 60);
  }
  EXPECT_THAT(steadiness.Movements(), ElementsAre("the power moved by +4.8 % in 5.0 s",
                                                  "the temperature moved by -1.0 C in 5.0 s"));
}

TEST(SteadinessTest, TheTolerancesAreOnePercentAndHalfADegree) {
  Steadiness within(kLookBackNs);
  Steadiness beyond(kLookBackNs);
  for (int t = 1; t <= 10; ++t) {
    const int64_t t_ns = t * kNsPerSecond;
    within.AddPower(t_ns, t <= 5 ? 99.1 : 100);
    within.AddTemperature(t_ns, t <= 5 ? 60 : 60.49);
    beyond.AddPower(t_ns, t <= 5 ? 98.9 : 100);
    beyond.AddTemperature(t_ns, t <= 5 ? 60 : 60.51);
  }
  EXPECT_THAT(within.Movements(), IsEmpty());
  EXPECT_EQ(beyond.Movements().size(), 2u);
}

}  // namespace
}  // namespace tinyjoule
