// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Watchers of an agent's power.
#include <algorithm>

#include "gtest/gtest.h"
#include "tests/support/agent_core_fixture.h"

namespace tinyjoule {
namespace {

TEST_F(AgentCoreTest, LivePowerIsThinnedToOnePointPerInterval) {
  link_.Connect();
  v1::ConnectResponse message;
  message.mutable_live_power_request()->set_active(true);
  message.mutable_live_power_request()->mutable_interval()->set_nanos(100'000'000);
  link_.Deliver(message);
  EXPECT_TRUE(source_.running());
  core_.AdvanceAndRun(kNsPerSecond);
  ASSERT_EQ(link_.sent.size(), 10u);
  const v1::LivePower& live = link_.sent[5].live_power();
  ASSERT_EQ(live.points_size(), 1);
  EXPECT_TRUE(live.simulated());
  // 2000 counts of 1.024 mW, less and more by the source's own dither of one count.
  EXPECT_NEAR(live.points(0).power_w(), 2.048, 1e-9);
  EXPECT_NEAR(live.points(0).power_min_w(), 1.999 * 1.024, 1e-9);
  EXPECT_NEAR(live.points(0).power_max_w(), 2.001 * 1.024, 1e-9);
  EXPECT_NEAR(live.points(0).bus_voltage_v(), 5.12, 1e-9);
  EXPECT_NEAR(live.points(0).current_a(), 0.4, 1e-9);
  message.mutable_live_power_request()->set_active(false);
  link_.Deliver(message);
  EXPECT_FALSE(source_.running());
  core_.AdvanceAndRun(kNsPerSecond);
  EXPECT_EQ(link_.sent.size(), 10u);
}

TEST_F(AgentCoreTest, AWatcherChangesNothingInAMeasurement) {
  link_.Connect();
  link_.Offer(Job("r1"));
  Measure();
  const v1::RunResult alone = ResultOf(link_.SentChunks().back());
  AcknowledgeAll();
  v1::ConnectResponse message;
  message.mutable_live_power_request()->set_active(true);
  link_.Deliver(message);
  runner_.on_command = [this](const v1::RunnerCommand&) { core_.RunDueTasks(); };
  link_.sent.clear();
  link_.Offer(Job("r2"));
  Measure();
  const v1::RunResult watched = ResultOf(link_.SentChunks().back());
  ASSERT_EQ(watched.windows_size(), alone.windows_size());
  for (int i = 0; i < alone.windows_size(); ++i) {
    EXPECT_DOUBLE_EQ(watched.windows(i).energy_j(), alone.windows(i).energy_j());
  }
  EXPECT_EQ(watched.sample_count(), alone.sample_count());
  EXPECT_TRUE(std::any_of(link_.sent.begin(), link_.sent.end(),
                          [](const v1::ConnectRequest& sent) { return sent.has_live_power(); }));
  EXPECT_TRUE(source_.running()) << "the watcher is still there";
  link_.Disconnect();
  EXPECT_FALSE(source_.running());
}

// A source that has ended would begin anew, in the middle of the measurement.
TEST_F(AgentCoreTest, AWatcherDoesNotStartTheSourceOfAMeasurement) {
  link_.Connect();
  link_.Offer(Job("r1"));
  ASSERT_EQ(source_.starts, 1);
  v1::ConnectResponse message;
  message.mutable_live_power_request()->set_active(true);
  link_.Deliver(message);
  EXPECT_EQ(source_.starts, 1);
  Measure();
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_TRUE(source_.running()) << "the watcher is still there";
}

}  // namespace
}  // namespace tinyjoule
