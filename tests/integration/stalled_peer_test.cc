// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Peers that stop reading: they lose nothing that is promised to them, hold a bounded amount of the
// coordinator's memory, and hold up nobody.
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/agent_link_fixture.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/run_service.pb.h"

namespace tinyjoule {
namespace {

class StalledPeerTest : public AgentLinkFixture {
 protected:
  bool Connected(const std::string& name) {
    grpc::ClientContext context;
    v1::ListAgentsResponse answer;
    EXPECT_TRUE(v1::FleetService::NewStub(channel_)->ListAgents(&context, {}, &answer).ok());
    for (const v1::Agent& agent : answer.agents()) {
      if (agent.facts().name() == name) return agent.connected();
    }
    return false;
  }
  // The core asks the agent for live power, and no more, `times` times.
  void WatchAndLeave(const std::string& agent, int times) {
    RunAndWait(core_, [&] {
      v1::WatchPowerRequest request;
      request.set_agent(agent);
      for (int i = 0; i < times; ++i) {
        EXPECT_TRUE(coordinator_->WatchPower(request, [] {}).ok());
      }
    });
  }
};

TEST_F(StalledPeerTest, AWatcherThatDoesNotReadMissesNoEventAndHoldsUpNobody) {
  constexpr int kRuns = 200;
  const std::string sweep_id = SubmitAndTrain(kRuns);
  grpc::ClientContext context;
  v1::WatchSweepRequest request;
  request.set_sweep_id(sweep_id);
  const auto stub = v1::SweepService::NewStub(channel_);
  const auto stalled = stub->WatchSweep(&context, request);
  AgentStream agent(channel_);
  agent.Hello(pi_);
  for (int run = 0; run < kRuns; ++run) {
    Deliver(agent, agent.Await(v1::ConnectResponse::kOffer).offer().job());
  }
  // The whole sweep has ended before the watcher takes its first event.
  grpc::ClientContext fresh_context;
  const auto fresh = stub->WatchSweep(&fresh_context, request);
  v1::WatchSweepResponse event;
  uint64_t last_sequence = 0;
  while (fresh->Read(&event)) last_sequence = event.sequence();
  ASSERT_TRUE(fresh->Finish().ok());
  EXPECT_EQ(event.state(), v1::SWEEP_STATE_SUCCEEDED);

  uint64_t sequence = 0;
  while (stalled->Read(&event)) {
    // Progress repeats the sequence of the last event; events have the next one.
    EXPECT_LE(event.sequence(), sequence + 1);
    EXPECT_GE(event.sequence(), sequence);
    sequence = event.sequence();
  }
  EXPECT_TRUE(stalled->Finish().ok());
  EXPECT_EQ(sequence, last_sequence);
  EXPECT_EQ(event.counts().runs_succeeded(), static_cast<uint32_t>(kRuns));
}

TEST_F(StalledPeerTest, AnAgentThatTakesNoMessagesIsLetGoAndTheOthersAreNot) {
  const FakeAgentSession deaf_hello("deaf");
  AgentStream deaf(channel_);
  deaf.Hello(deaf_hello);
  AgentStream agent(channel_);
  agent.Hello(pi_);
  agent.Await(v1::ConnectResponse::kWelcome);
  const int64_t deadline_ns = clock_.MonotonicNs() + 30 * kNsPerSecond;
  while (!Connected("deaf") && clock_.MonotonicNs() < deadline_ns) {
  }
  // Far more than the coordinator keeps for one agent.
  for (int i = 0; i < 100; ++i) WatchAndLeave("deaf", 100);
  while (Connected("deaf") && clock_.MonotonicNs() < deadline_ns) {
  }
  EXPECT_FALSE(Connected("deaf"));
  EXPECT_EQ(deaf.Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Connected("pi"));
  SubmitAndTrain(1);
  EXPECT_TRUE(agent.Await(v1::ConnectResponse::kOffer).has_offer());
}

}  // namespace
}  // namespace tinyjoule
