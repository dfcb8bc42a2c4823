// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The streams of agents over gRPC, and who watches them.
#include <cstdint>

#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/support/rpc_server_fixture.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

TEST_F(RpcServerTest, AnAgentOfAnotherProtocolHearsBothVersions) {
  v1::ConnectRequest hello = Hello();
  hello.mutable_hello()->set_protocol_min(7);
  hello.mutable_hello()->set_protocol_max(9);
  const grpc::Status status = Connect({hello});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("7"));
  EXPECT_THAT(status.error_message(), HasSubstr("1"));
}

TEST_F(RpcServerTest, AStreamBeginsWithAHelloAndHasOne) {
  v1::ConnectRequest heartbeat;
  heartbeat.mutable_heartbeat();
  EXPECT_EQ(Connect({heartbeat}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Connect({Hello(), Hello()}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::ConnectRequest nameless = Hello();
  nameless.mutable_hello()->set_agent_name("a/b");
  const grpc::Status status = Connect({nameless});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("hello.agent_name"));
}

TEST_F(RpcServerTest, ADamagedChunkClosesTheStream) {
  v1::ConnectRequest damaged;
  damaged.mutable_chunk()->set_run_id("r1");
  damaged.mutable_chunk()->set_attempt(1);
  damaged.mutable_chunk()->set_stream(v1::CHUNK_STREAM_SAMPLES);
  damaged.mutable_chunk()->set_payload("123456789");
  damaged.mutable_chunk()->set_crc32c(1);
  EXPECT_EQ(Connect({Hello(), damaged}).error_code(), grpc::StatusCode::DATA_LOSS);
}

// A watcher that takes nothing holds 512 points here and what the transport buffers, however much
// the agent sends; it hears later how much it missed.
TEST_F(RpcServerTest, AWatcherThatTakesNothingMissesPointsAndHoldsUpNobody) {
  grpc::ClientContext context, watch_context;
  SetDeadline(context);
  SetDeadline(watch_context);
  const auto agent = v1::AgentLinkService::NewStub(channel_)->Connect(&context);
  ASSERT_TRUE(agent->Write(Hello()));
  v1::ConnectResponse response;
  ASSERT_TRUE(agent->Read(&response));
  v1::WatchPowerRequest request;
  request.set_agent("pi-1");
  request.set_max_rate_hz(1000);
  const auto watcher = v1::RunService::NewStub(channel_)->WatchPower(&watch_context, request);
  // The core asks the agent for live power once somebody watches.
  do {
    ASSERT_TRUE(agent->Read(&response));
  } while (!response.has_live_power_request());
  constexpr int kMessages = 2000, kPointsEach = 100;
  for (int message = 0; message < kMessages; ++message) {
    v1::ConnectRequest power;
    for (int i = 0; i < kPointsEach; ++i) {
      v1::PowerPoint& point = *power.mutable_live_power()->add_points();
      point.set_mono_ns((int64_t{message} * kPointsEach + i) * 1'000'000);
      point.set_power_w(2.5);
    }
    ASSERT_TRUE(agent->Write(power)) << "the agent is not held up";
  }
  agent->WritesDone();
  ASSERT_TRUE(agent->Finish().ok());
  v1::WatchPowerResponse points;
  uint64_t taken = 0;
  // The last point of all stays in the mean that the next one would end.
  while (taken + points.dropped() + 1 < uint64_t{kMessages} * kPointsEach) {
    ASSERT_TRUE(watcher->Read(&points));
    EXPECT_LE(points.points_size(), 512);
    taken += static_cast<uint64_t>(points.points_size());
  }
  EXPECT_GT(points.dropped(), 0u);
  watch_context.TryCancel();
}

TEST_F(RpcServerTest, TheFleetHearsOfAnAgentThatComesAndGoes) {
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = v1::AgentLinkService::NewStub(channel_)->Connect(&context);
  ASSERT_TRUE(stream->Write(Hello()));
  v1::ConnectResponse response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_TRUE(response.has_welcome());
  EXPECT_EQ(response.welcome().protocol(), 1u);
  const auto connected = [this] {
    grpc::ClientContext list_context;
    v1::ListAgentsResponse agents;
    EXPECT_TRUE(v1::FleetService::NewStub(channel_)->ListAgents(&list_context, {}, &agents).ok());
    return agents.agents_size() == 1 && agents.agents(0).connected();
  };
  EXPECT_TRUE(connected());
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  // The core hears of the end after the agent: the list is asked until it has.
  const int64_t deadline_ns = clock_.MonotonicNs() + 30 * kNsPerSecond;
  while (connected() && clock_.MonotonicNs() < deadline_ns) {
  }
  EXPECT_FALSE(connected());
}

}  // namespace
}  // namespace tinyjoule
