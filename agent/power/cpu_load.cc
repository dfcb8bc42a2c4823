// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/cpu_load.h"

#include <time.h>

namespace tinyjoule {

// The kernel's per-process clock: nanoseconds, where /proc/PID/stat counts steps of 10 ms, which is
// two conversions.
int64_t ProcessCpuTime::CpuTimeNs() const {
  const int pid = pid_.load(std::memory_order_relaxed);
  clockid_t id;
  if (pid <= 0 || clock_getcpuclockid(pid, &id) != 0) return 0;
  timespec time;
  if (clock_gettime(id, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace tinyjoule
