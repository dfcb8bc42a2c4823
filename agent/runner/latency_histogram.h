// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_LATENCY_HISTOGRAM_H_
#define AGENT_RUNNER_LATENCY_HISTOGRAM_H_

#include <cstdint>
#include <vector>

#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// Latencies in log-linear buckets: 64 for each power of two, so that a quantile is off by at most
// 0.8 %. All memory is allocated at the start; Add only counts.
class LatencyHistogram {
 public:
  LatencyHistogram();

  // `count` inferences that took `total_ns` together; each counts with their mean.
  void Add(int64_t total_ns, uint64_t count);

  // The mean is exact. Zeros when nothing was added.
  v1::LatencySummary Summary() const;

 private:
  // The value, in microseconds, that a share `quantile` of the inferences does not exceed.
  double QuantileUs(double quantile) const;

  // Counts by picoseconds, so that an inference of a microsecond has its buckets too.
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t total_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_LATENCY_HISTOGRAM_H_
