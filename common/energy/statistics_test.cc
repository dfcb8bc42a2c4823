// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace tinyjoule {
namespace {

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values of Student's t.
TEST(StudentTQuantile, AgreesWithThePublishedTable) {
  struct Row {
    double degrees;
    double t95;
    double t975;
    double t99;
  };
  const Row rows[] = {{1, 6.314, 12.706, 31.821}, {2, 2.920, 4.303, 6.965},
                      {3, 2.353, 3.182, 4.541},   {4, 2.132, 2.776, 3.747},
                      {9, 1.833, 2.262, 2.821},   {29, 1.699, 2.045, 2.462},
                      {100, 1.660, 1.984, 2.364}};
  for (const Row& row : rows) {
    EXPECT_NEAR(StudentTQuantile(0.95, row.degrees), row.t95, 5e-4) << row.degrees;
    EXPECT_NEAR(StudentTQuantile(0.975, row.degrees), row.t975, 5e-4) << row.degrees;
    EXPECT_NEAR(StudentTQuantile(0.99, row.degrees), row.t99, 5e-4) << row.degrees;
  }
}

TEST(Statistics, ClosedForms) {
  EXPECT_DOUBLE_EQ(Mean({1, 2, 3, 4}), 2.5);
  EXPECT_DOUBLE_EQ(Median({5, 1, 3}), 3);
  EXPECT_DOUBLE_EQ(Median({4, 1, 3, 2}), 2.5);
  // 1..n has variance n (n + 1) / 12.
  EXPECT_DOUBLE_EQ(SampleStandardDeviation({1, 2, 3, 4, 5}), std::sqrt(2.5));
  EXPECT_EQ(SampleStandardDeviation({7}), 0);
  // Alternating +-1: products -1 in n - 1 pairs over n squares.
  EXPECT_DOUBLE_EQ(LagOneAutocorrelation({1, -1, 1, -1}), -0.75);
  EXPECT_EQ(LagOneAutocorrelation({2, 2, 2}), 0);
}

// t(0.975, 4) = 2.776 of the table above; mean 3, s = sqrt(2.5).
TEST(MeanInterval95, IsStudentsInterval) {
  const auto interval = MeanInterval95({1, 2, 3, 4, 5});
  ASSERT_TRUE(interval.has_value());
  const double half = 2.7764451 * std::sqrt(2.5) / std::sqrt(5.0);
  EXPECT_NEAR(interval->low, 3 - half, 1e-6);
  EXPECT_NEAR(interval->high, 3 + half, 1e-6);
  EXPECT_FALSE(MeanInterval95({1}).has_value());
}

// What the interval is for: it holds the true mean in 95 of 100 cases, with five windows too.
TEST(MeanInterval95, CoversTheMeanOfFiveNormalValues) {
  const uint64_t seed = 20261121;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(10, 2);
  int covered = 0;
  constexpr int kRounds = 4000;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> values(5);
    for (double& value : values) value = normal(random);
    const Interval interval = *MeanInterval95(values);
    covered += interval.low <= 10 && 10 <= interval.high;
  }
  // Four standard errors of a share of 0.95 in 4,000 trials are 0.014.
  EXPECT_NEAR(static_cast<double>(covered) / kRounds, 0.95, 0.014) << "seed " << seed;
}

TEST(CorrelatedStandardError, GrowsWithCorrelation) {
  EXPECT_DOUBLE_EQ(CorrelatedStandardError(2, 0, 100), 0.2);
  EXPECT_DOUBLE_EQ(CorrelatedStandardError(2, 0.5, 100), 0.2 * std::sqrt(3.0));
  // Fully correlated values are worth one.
  EXPECT_DOUBLE_EQ(CorrelatedStandardError(2, 1, 100), 2);
}

}  // namespace
}  // namespace tinyjoule
