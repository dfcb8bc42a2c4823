// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/latency_histogram.h"

#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

TEST(LatencyHistogramTest, EmptyGivesZeros) {
  EXPECT_EQ(LatencyHistogram().Summary().p99_us(), 0.0);
  EXPECT_EQ(LatencyHistogram().Summary().mean_us(), 0.0);
}

// 1, 2, ..., 1000 us: the quantiles of the discrete uniform distribution.
TEST(LatencyHistogramTest, QuantilesOfAUniformDistribution) {
  LatencyHistogram histogram;
  for (int64_t us = 1000; us >= 1; --us) histogram.Add(us * 1000, 1);
  const v1::LatencySummary summary = histogram.Summary();
  EXPECT_DOUBLE_EQ(summary.mean_us(), 500.5);
  EXPECT_NEAR(summary.p50_us(), 500, 500 * 0.008);
  EXPECT_NEAR(summary.p95_us(), 950, 950 * 0.008);
  EXPECT_NEAR(summary.p99_us(), 990, 990 * 0.008);
}

// A batch counts as so many inferences of its mean: 300 of 0.2 us and one of 100 us.
TEST(LatencyHistogramTest, BatchesCountPerInference) {
  LatencyHistogram histogram;
  histogram.Add(60'000, 300);
  histogram.Add(100'000, 1);
  const v1::LatencySummary summary = histogram.Summary();
  EXPECT_NEAR(summary.p50_us(), 0.2, 0.2 * 0.008);
  EXPECT_NEAR(summary.p99_us(), 0.2, 0.2 * 0.008);
  EXPECT_DOUBLE_EQ(summary.mean_us(), 160.0 / 301);
}

// Over the whole range a bucket's middle is within 1/128 of what was put in.
TEST(LatencyHistogramTest, RelativeErrorIsBounded) {
  for (int64_t ns = 1; ns < int64_t{1} << 50; ns = ns * 5 / 4 + 1) {
    LatencyHistogram histogram;
    histogram.Add(ns, 1);
    const double us = static_cast<double>(ns) / 1e3;
    ASSERT_NEAR(histogram.Summary().p50_us(), us, us / 128) << ns;
  }
}

}  // namespace
}  // namespace tinyjoule
