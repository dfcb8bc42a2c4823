// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/read_statistics.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {

void DurationHistogram::Add(int64_t ns) {
  const double octaves = std::log2(static_cast<double>(std::max<int64_t>(ns, 1)));
  const auto bucket = static_cast<size_t>(octaves * kStepsPerOctave);
  ++counts_[std::min(bucket, counts_.size() - 1)];
  ++total_;
}

int64_t DurationHistogram::Quantile(double share) const {
  if (total_ == 0) return 0;
  const double wanted = share * static_cast<double>(total_);
  uint64_t seen = 0;
  size_t bucket = 0;
  for (; bucket + 1 < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (static_cast<double>(seen) >= wanted) break;
  }
  return std::llround(std::exp2((static_cast<double>(bucket) + 0.5) / kStepsPerOctave));
}

void ReadStatistics::Clear() {
  in_block_ = 0;
  read_times_.Clear();
  latenesses_.Clear();
  median_ns_ = 0;
  worst_ns_ = 0;
  lateness_ns_ = 0;
}

void ReadStatistics::Add(int64_t read_time_ns, int64_t lateness_ns) {
  read_times_.Add(read_time_ns);
  latenesses_.Add(lateness_ns);
  block_[in_block_++] = read_time_ns;
  if (in_block_ == kBlock) FinishBlock();
}

void ReadStatistics::FinishBlock() {
  in_block_ = 0;
  std::nth_element(block_.begin(), block_.begin() + kBlock / 2, block_.end());
  worst_ns_ = std::max(worst_ns_.load(), block_[kBlock / 2]);
  median_ns_ = read_times_.Quantile(0.5);
  lateness_ns_ = latenesses_.Quantile(0.99);
}

}  // namespace tinyjoule
