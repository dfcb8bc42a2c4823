// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/link/clock_offset.h"

#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

// The peer's wall clock is so far ahead of our monotonic one.
constexpr int64_t kTrueOffsetNs = 1'767'225'600 * kNsPerSecond;

// An exchange that takes so long on either way, and 1 ms at the peer.
void Exchange(ClockOffset& clock, int64_t sent_ns, int64_t there_ns, int64_t back_ns) {
  const int64_t received_ns = sent_ns + there_ns;
  const int64_t answered_ns = received_ns + kNsPerMs;
  clock.Add(sent_ns, received_ns + kTrueOffsetNs, answered_ns + kTrueOffsetNs,
            answered_ns + back_ns);
}

TEST(ClockOffsetTest, EqualWaysGiveTheTrueOffset) {
  ClockOffset clock;
  EXPECT_FALSE(clock.Best().has_value());
  Exchange(clock, 5 * kNsPerSecond, 3 * kNsPerMs, 3 * kNsPerMs);
  EXPECT_NEAR(static_cast<double>(clock.Best()->offset_ns - kTrueOffsetNs), 0, 1);
  EXPECT_EQ(clock.Best()->round_trip_ns, 6 * kNsPerMs);
}

TEST(ClockOffsetTest, TheShortestRoundTripOfTheLast16Counts) {
  ClockOffset clock;
  Exchange(clock, 0, 100'000, 100'000);
  for (int i = 1; i < 16; ++i) Exchange(clock, i * kNsPerSecond, 40 * kNsPerMs, 2 * kNsPerMs);
  EXPECT_NEAR(static_cast<double>(clock.Best()->offset_ns - kTrueOffsetNs), 0, 1);
  // The first one is too old now: half of the ways' difference is the error.
  Exchange(clock, 16 * kNsPerSecond, 40 * kNsPerMs, 2 * kNsPerMs);
  EXPECT_NEAR(static_cast<double>(clock.Best()->offset_ns - kTrueOffsetNs), 19e6, 1);
  EXPECT_EQ(clock.Best()->round_trip_ns, 42 * kNsPerMs);
}

}  // namespace
}  // namespace tinyjoule
