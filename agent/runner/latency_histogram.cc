// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

constexpr int kSubBucketBits = 6;
constexpr uint64_t kSubBuckets = uint64_t{1} << kSubBucketBits;
constexpr size_t kBuckets = (64 - kSubBucketBits + 1) * kSubBuckets;
constexpr uint64_t kPsPerNs = 1000;
constexpr double kPsPerUs = 1e6;

// Below 64 a bucket is one value; above, the bucket is named by the highest seven bits.
size_t BucketOf(uint64_t value) {
  if (value < kSubBuckets) return static_cast<size_t>(value);
  const int shift = 63 - __builtin_clzll(value) - kSubBucketBits;
  return static_cast<size_t>(static_cast<uint64_t>(shift) * kSubBuckets + (value >> shift));
}

// The middle of a bucket.
double ValueOf(size_t bucket) {
  if (bucket < 2 * kSubBuckets) return static_cast<double>(bucket);
  const int shift = static_cast<int>(bucket / kSubBuckets) - 1;
  const double leading = static_cast<double>(bucket % kSubBuckets + kSubBuckets);
  return std::ldexp(leading + 0.5, shift);
}

}  // namespace

LatencyHistogram::LatencyHistogram() : counts_(kBuckets, 0) {}

void LatencyHistogram::Add(int64_t total_ns, uint64_t count) {
  const uint64_t mean_ps = static_cast<uint64_t>(std::max<int64_t>(total_ns, 0)) * kPsPerNs / count;
  counts_[BucketOf(mean_ps)] += count;
  count_ += count;
  total_ns_ += total_ns;
}

double LatencyHistogram::QuantileUs(double quantile) const {
  const double wanted = quantile * static_cast<double>(count_);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (counts_[bucket] > 0 && static_cast<double>(seen) >= wanted) {
      return ValueOf(bucket) / kPsPerUs;
    }
  }
  return 0;
}

v1::LatencySummary LatencyHistogram::Summary() const {
  v1::LatencySummary summary;
  if (count_ == 0) return summary;
  summary.set_mean_us(static_cast<double>(total_ns_) / 1e3 / static_cast<double>(count_));
  summary.set_p50_us(QuantileUs(0.50));
  summary.set_p95_us(QuantileUs(0.95));
  summary.set_p99_us(QuantileUs(0.99));
  return summary;
}

}  // namespace tinyjoule
