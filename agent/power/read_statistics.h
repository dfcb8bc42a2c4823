// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_READ_STATISTICS_H_
#define AGENT_POWER_READ_STATISTICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tinyjoule {

// Counts of durations in buckets 6 % wide (16 to an octave). One thread; allocates nothing.
class DurationHistogram {
 public:
  void Clear() { counts_.fill(0), total_ = 0; }
  void Add(int64_t ns);
  // The middle of the bucket that holds the quantile; 0 when there is nothing.
  int64_t Quantile(double share) const;

 private:
  static constexpr int kStepsPerOctave = 16;
  // Up to 2^36 ns, 69 s.
  std::array<uint32_t, 36 * kStepsPerOctave> counts_{};
  uint64_t total_ = 0;
};

// How long conversions take to read and to be noticed. Clear and Add: the sampler's thread; the
// figures: any thread, as of the last whole block.
class ReadStatistics {
 public:
  static constexpr size_t kBlock = 64;

  void Clear();
  void Add(int64_t read_time_ns, int64_t lateness_ns);
  int64_t read_time_ns() const { return median_ns_.load(std::memory_order_relaxed); }
  int64_t read_time_worst_ns() const { return worst_ns_.load(std::memory_order_relaxed); }
  int64_t lateness_p99_ns() const { return lateness_ns_.load(std::memory_order_relaxed); }

 private:
  void FinishBlock();

  std::array<int64_t, kBlock> block_{};
  size_t in_block_ = 0;
  DurationHistogram read_times_;
  DurationHistogram latenesses_;
  std::atomic<int64_t> median_ns_{0};
  std::atomic<int64_t> worst_ns_{0};
  std::atomic<int64_t> lateness_ns_{0};
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_READ_STATISTICS_H_
