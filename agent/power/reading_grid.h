// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_READING_GRID_H_
#define AGENT_POWER_READING_GRID_H_

#include <cstdint>

#include "common/base/clock.h"

namespace tinyjoule {

// Reading times at a fixed interval. One thread; allocates nothing.
class ReadingGrid {
 public:
  void Begin(int64_t now_ns, int64_t interval_ns);
  // Sleeps until the next reading is due; those whose time has passed are left out.
  void Await(Clock& clock);

 private:
  int64_t interval_ns_ = 0;
  int64_t next_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_READING_GRID_H_
