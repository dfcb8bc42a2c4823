// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_INTERFERENCE_H_
#define AGENT_CORE_INTERFERENCE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/base/file_system.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// Processor time and swapping since boot, as the kernel counts them.
struct UsageReading {
  // Time in processes (user, nice, system) on all CPUs, of the runner, of the agent; in ticks of
  // 1/kTicksPerSecond.
  uint64_t busy_ticks = 0;
  uint64_t runner_ticks = 0;
  uint64_t agent_ticks = 0;
  // Absent: not told.
  std::optional<uint64_t> swapped_pages;
};

// Nothing when /proc below `root` does not tell.
std::optional<UsageReading> ReadUsage(FileSystem& file_system, const std::string& root,
                                      int runner_pid);

// What ran beside the runner during the windows of one attempt: Begin() and End() around each, in
// the pads. One thread.
class InterferenceMeter {
 public:
  void Begin(const std::optional<UsageReading>& reading, int64_t mono_ns);
  void End(const std::optional<UsageReading>& reading, int64_t mono_ns);
  // Shares and pages; nothing is set when nothing was told.
  void Report(v1::IsolationReport* report) const;
  // Why the run is flagged INTERFERENCE; empty: it is not. Other processes above
  // kMaxOtherShare of one CPU beyond what the rounding of the counters explains, or any swapping.
  std::string Describe() const;

  static constexpr double kMaxOtherShare = 0.02;
  // Three counters, each rounded down at both ends of a window.
  static constexpr int64_t kRoundingTicks = 3;

 private:
  int64_t OtherTicks() const;
  double ShareOf(int64_t ticks) const;

  std::optional<UsageReading> begin_;
  int64_t begin_ns_ = 0;
  int64_t windows_ = 0;
  int64_t duration_ns_ = 0;
  int64_t busy_ticks_ = 0;
  int64_t runner_ticks_ = 0;
  int64_t agent_ticks_ = 0;
  std::optional<uint64_t> swapped_pages_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_INTERFERENCE_H_
