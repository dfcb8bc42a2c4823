// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace tinyjoule {
namespace {

int64_t ReadNs(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return int64_t{time.tv_sec} * kNsPerSecond + time.tv_nsec;
}

}  // namespace

int64_t SystemClock::MonotonicNs() const { return ReadNs(CLOCK_MONOTONIC_RAW); }

int64_t SystemClock::UtcNs() const { return ReadNs(CLOCK_REALTIME); }

void SystemClock::SleepUntil(int64_t deadline_ns) {
  // The kernel does not sleep on CLOCK_MONOTONIC_RAW; the loop makes up for the slew between it
  // and CLOCK_MONOTONIC.
  for (int64_t left = deadline_ns - MonotonicNs(); left > 0; left = deadline_ns - MonotonicNs()) {
    const timespec time{static_cast<time_t>(left / kNsPerSecond),
                        static_cast<long>(left % kNsPerSecond)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  }
}

}  // namespace tinyjoule
