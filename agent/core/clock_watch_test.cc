// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/clock_watch.h"

#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

// One look a second for ten minutes; the wall clock gains so much each second.
ClockWatch WatchFor10Minutes(int64_t gain_ns) {
  ClockWatch watch;
  for (int64_t second = 0; second < 600; ++second) {
    watch.Look(second * kNsPerSecond, second * (kNsPerSecond + gain_ns));
  }
  return watch;
}

TEST(ClockWatchTest, ASlewIsNoStep) {
  EXPECT_EQ(WatchFor10Minutes(0).steps(), 0);
  // 300 ms in all: as fast as the kernel slews.
  EXPECT_EQ(WatchFor10Minutes(500'000).steps(), 0);
  EXPECT_EQ(WatchFor10Minutes(-500'000).steps(), 0);
}

TEST(ClockWatchTest, AStepIsSeenEitherWay) {
  for (const int64_t step_ns : {51 * kNsPerMs, -51 * kNsPerMs, int64_t{3600} * kNsPerSecond}) {
    ClockWatch watch;
    watch.Look(0, 0);
    watch.Look(kNsPerMs, kNsPerMs + step_ns);
    watch.Look(2 * kNsPerMs, 2 * kNsPerMs + step_ns);
    EXPECT_EQ(watch.steps(), 1);
    EXPECT_EQ(watch.stepped_ns(), step_ns);
  }
}

TEST(ClockWatchTest, AStepThereAndBackIsTwo) {
  ClockWatch watch;
  watch.Look(0, 0);
  watch.Look(1, kNsPerSecond);
  watch.Look(2, 0);
  EXPECT_EQ(watch.steps(), 2);
}

// After an hour without a look the wall clock may have been slewed by 1.8 s.
TEST(ClockWatchTest, ALongSilenceAllowsItsSlew) {
  ClockWatch watch;
  watch.Look(0, 0);
  const int64_t hour_ns = 3600 * kNsPerSecond;
  watch.Look(hour_ns, hour_ns + 1800 * kNsPerMs);
  EXPECT_EQ(watch.steps(), 0);
  watch.Look(2 * hour_ns, 2 * hour_ns + 1800 * kNsPerMs + 1851 * kNsPerMs);
  EXPECT_EQ(watch.steps(), 1);
}

}  // namespace
}  // namespace tinyjoule
