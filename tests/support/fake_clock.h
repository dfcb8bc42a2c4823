// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_CLOCK_H_
#define TESTS_SUPPORT_FAKE_CLOCK_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "common/base/clock.h"

namespace tinyjoule {

// Stands still until it is moved; SleepUntil moves it. Thread-safe.
class FakeClock final : public Clock {
 public:
  // 2026-01-01T00:00:00Z.
  static constexpr int64_t kStartUtcNs = 1'767'225'600 * kNsPerSecond;

  int64_t MonotonicNs() const override { return now_ns_.load(); }
  int64_t UtcNs() const override { return kStartUtcNs + utc_step_ns_.load() + now_ns_.load(); }
  void SleepUntil(int64_t deadline_ns) override {
    int64_t now = now_ns_.load();
    while (now < deadline_ns && !now_ns_.compare_exchange_weak(now, deadline_ns)) {
    }
  }
  void Advance(int64_t ns) { now_ns_ += ns; }
  // Sets the wall clock, and not the monotonic one.
  void StepUtc(int64_t ns) { utc_step_ns_ += ns; }

 private:
  std::atomic<int64_t> now_ns_{kNsPerSecond};
  std::atomic<int64_t> utc_step_ns_{0};
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_CLOCK_H_
