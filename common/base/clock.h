// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_CLOCK_H_
#define COMMON_BASE_CLOCK_H_

#include <cstdint>

namespace tinyjoule {

// The only door to time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // CLOCK_MONOTONIC_RAW, nanoseconds: the clock of samples and marks. Never steps or slews.
  virtual int64_t MonotonicNs() const = 0;
  // Nanoseconds since the Unix epoch, UTC: for people and records; may step.
  virtual int64_t UtcNs() const = 0;
  // Blocks the calling thread until MonotonicNs() is at least `deadline_ns`.
  virtual void SleepUntil(int64_t deadline_ns) = 0;
};

class SystemClock final : public Clock {
 public:
  int64_t MonotonicNs() const override;
  int64_t UtcNs() const override;
  void SleepUntil(int64_t deadline_ns) override;
};

constexpr int64_t kNsPerUs = 1'000;
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace tinyjoule

#endif  // COMMON_BASE_CLOCK_H_
