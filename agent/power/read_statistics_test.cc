// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/read_statistics.h"

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

TEST(DurationHistogramTest, QuantilesAreWithinABucket) {
  DurationHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  for (int64_t us = 1; us <= 1000; ++us) histogram.Add(us * 1000);
  EXPECT_NEAR(static_cast<double>(histogram.Quantile(0.5)), 500e3, 0.045 * 500e3);
  EXPECT_NEAR(static_cast<double>(histogram.Quantile(0.99)), 990e3, 0.045 * 990e3);
  histogram.Clear();
  histogram.Add(-5);
  histogram.Add(INT64_MAX);
  EXPECT_EQ(histogram.Quantile(0.5), 1);
  EXPECT_GT(histogram.Quantile(1), 60'000'000'000);
}

TEST(ReadStatisticsTest, TellsTheSlowestBlock) {
  ReadStatistics statistics;
  const auto add = [&statistics](int blocks, int64_t read_time_ns) {
    for (size_t i = 0; i < blocks * ReadStatistics::kBlock; ++i) {
      statistics.Add(read_time_ns, i % 50 == 0 ? 2'000'000 : 100'000);
    }
  };
  statistics.Add(1, 1);
  EXPECT_EQ(statistics.read_time_ns(), 0) << "no block is whole";
  statistics.Clear();
  add(5, 400'000);
  EXPECT_EQ(statistics.read_time_worst_ns(), 400'000);
  add(1, 900'000);
  add(4, 400'000);
  EXPECT_EQ(statistics.read_time_worst_ns(), 900'000);
  EXPECT_NEAR(static_cast<double>(statistics.read_time_ns()), 400e3, 20e3);
  EXPECT_NEAR(static_cast<double>(statistics.lateness_p99_ns()), 2e6, 0.1e6);
}

TEST(ReadStatisticsTest, OneSlowReadIsNoSlowBlock) {
  ReadStatistics statistics;
  for (size_t i = 0; i < ReadStatistics::kBlock; ++i) {
    statistics.Add(i == 7 ? 50'000'000 : 400'000, 0);
  }
  EXPECT_EQ(statistics.read_time_worst_ns(), 400'000);
}

}  // namespace
}  // namespace tinyjoule
