// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CLOCK_WATCH_H_
#define AGENT_CORE_CLOCK_WATCH_H_

#include <cstdint>
#include <cstdlib>
#include <optional>

namespace tinyjoule {

// Looks for steps of the wall clock against the monotonic one. A time service that slews moves it
// by up to 500 us each second, and the raw monotonic clock drifts by less: only what is beyond that
// between two looks is a step. One thread.
class ClockWatch {
 public:
  static constexpr int64_t kMaxMoveNs = 50'000'000;
  static constexpr int64_t kSlewPerSecondNs = 500'000;

  void Look(int64_t mono_ns, int64_t utc_ns) {
    const int64_t offset_ns = utc_ns - mono_ns;
    if (last_offset_ns_) {
      const int64_t move_ns = offset_ns - *last_offset_ns_;
      const int64_t slew_ns = (mono_ns - last_mono_ns_) / 1'000'000'000 * kSlewPerSecondNs;
      if (std::llabs(move_ns) > kMaxMoveNs + slew_ns) {
        ++steps_;
        stepped_ns_ += move_ns;
      }
    }
    last_offset_ns_ = offset_ns;
    last_mono_ns_ = mono_ns;
  }
  int steps() const { return steps_; }
  // The sum of all steps, with their signs.
  int64_t stepped_ns() const { return stepped_ns_; }

 private:
  std::optional<int64_t> last_offset_ns_;
  int64_t last_mono_ns_ = 0;
  int steps_ = 0;
  int64_t stepped_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CLOCK_WATCH_H_
