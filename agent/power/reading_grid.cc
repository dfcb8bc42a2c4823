// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/reading_grid.h"

#include <algorithm>

namespace tinyjoule {

void ReadingGrid::Begin(int64_t now_ns, int64_t interval_ns) {
  interval_ns_ = interval_ns;
  next_ns_ = now_ns + interval_ns;
}

void ReadingGrid::Await(Clock& clock) {
  clock.SleepUntil(next_ns_);
  const int64_t late_ns = clock.MonotonicNs() - next_ns_;
  next_ns_ += (1 + std::max<int64_t>(0, late_ns) / interval_ns_) * interval_ns_;
}

}  // namespace tinyjoule
