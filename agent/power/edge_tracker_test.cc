// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/edge_tracker.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

constexpr int64_t kCycle = 4'790'000;
constexpr int64_t kPoll = 600'000;

// A converter whose cycle may differ from what the tracker was told, and a bus whose polls look at
// it in their middle.
struct Converter {
  int64_t now_ns;
  int64_t began_ns;
  int64_t cycle_ns;
  int64_t read_up_to = 0;

  int64_t End(int64_t number) const { return began_ns + number * cycle_ns; }

  // Polls from the tracker's wake-up to the next end; its number.
  int64_t Read(EdgeTracker& tracker, EdgeTracker::Edge* edge) {
    now_ns = std::max(now_ns, tracker.wake_ns());
    int64_t not_ready_ns = -1;
    while (true) {
      const int64_t finished = (now_ns + kPoll / 2 - began_ns) / cycle_ns;
      now_ns += kPoll;
      if (finished > read_up_to) {
        *edge = tracker.Notice(not_ready_ns, now_ns);
        return read_up_to = finished;
      }
      not_ready_ns = now_ns;
    }
  }
};

class EdgeTrackerTest : public ::testing::TestWithParam<int64_t> {};

// The data sheet allows the chip's clock 10 %; qualification leaves an error of a poll in 200
// cycles, and temperature moves it.
TEST_P(EdgeTrackerTest, LosesNoConversionAndStaysWithinAPollOfItsEnd) {
  Converter converter{0, 0, GetParam()};
  EdgeTracker tracker;
  tracker.Begin(0, kCycle, kPoll);
  int64_t last_ns = 0;
  for (int64_t expected = 1; expected <= 5000; ++expected) {
    EdgeTracker::Edge edge;
    ASSERT_EQ(converter.Read(tracker, &edge), expected) << "a conversion is lost";
    ASSERT_LE(std::abs(edge.t_ns - converter.End(expected)), 2 * kPoll) << expected;
    ASSERT_GT(edge.t_ns, last_ns);
    ASSERT_LE(edge.t_ns, converter.now_ns);
    ASSERT_LE(edge.lateness_ns, 2 * kPoll);
    last_ns = edge.t_ns;
  }
  EXPECT_NEAR(static_cast<double>(last_ns) / 5000, static_cast<double>(GetParam()), 300);
}

INSTANTIATE_TEST_SUITE_P(Cycles, EdgeTrackerTest,
                         ::testing::Values(kCycle * 9 / 10, kCycle * 99 / 100, kCycle - 5000,
                                           kCycle, kCycle + 5000, kCycle * 101 / 100,
                                           kCycle * 11 / 10));

TEST(EdgeTrackerLatenessTest, ALateReaderIsToldTheEndItself) {
  EdgeTracker tracker;
  tracker.Begin(0, kCycle, kPoll);
  const EdgeTracker::Edge late = tracker.Notice(-1, 3 * kCycle / 2);
  EXPECT_EQ(late.t_ns, kCycle);
  EXPECT_EQ(late.lateness_ns, kCycle / 2);
  // Three ends have passed since; the last one is what the chip shows.
  const EdgeTracker::Edge later = tracker.Notice(-1, 4 * kCycle + kPoll);
  EXPECT_EQ(later.t_ns, 4 * kCycle);
  EXPECT_EQ(later.lateness_ns, 2 * kCycle + kPoll);
}

TEST(EdgeTrackerLatenessTest, ASkippedEndKeepsTheGrid) {
  EdgeTracker tracker;
  tracker.Begin(0, kCycle, kPoll);
  tracker.Skip(kCycle + 1);
  EXPECT_EQ(tracker.Notice(-1, 2 * kCycle + kPoll).t_ns, 2 * kCycle);
  tracker.Skip(2 * kCycle + kPoll);
  EXPECT_GT(tracker.wake_ns(), 3 * kCycle) << "a failure waits for the next conversion";
}

}  // namespace
}  // namespace tinyjoule
