// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A fake agent over an in-process gRPC channel against the real services, core and SQLite store.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

#include "tests/integration/agent_link_fixture.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"

namespace tinyjoule {
namespace {

using AgentLinkRpcTest = AgentLinkFixture;

TEST_F(AgentLinkRpcTest, ASweepIsMeasuredAcrossADroppedStream) {
  const std::string sweep_id = SubmitAndTrain(2);
  v1::JobSpec job;
  {
    AgentStream stream(channel_);
    stream.Hello(pi_);
    EXPECT_EQ(stream.Await(v1::ConnectResponse::kWelcome).welcome().protocol(), 1u);
    job = stream.Await(v1::ConnectResponse::kOffer).offer().job();
    ASSERT_FALSE(job.run_id().empty());
    stream.Write(OfferReplyMessage(job, true));
    stream.Write(ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
    EXPECT_EQ(stream.Await(v1::ConnectResponse::kChunkAck).chunk_ack().sequence(), 0u);
  }
  FakeAgentSession back("pi");
  back.hello.set_active_run_id(job.run_id());
  back.hello.set_active_attempt(job.attempt());
  AgentStream stream(channel_);
  stream.Hello(back);
  Deliver(stream, job);
  // The next offer follows the commit of the result.
  const v1::JobSpec second = stream.Await(v1::ConnectResponse::kOffer).offer().job();
  EXPECT_NE(second.run_id(), job.run_id());
  Deliver(stream, second);

  grpc::ClientContext context;
  v1::WatchSweepRequest request;
  request.set_sweep_id(sweep_id);
  const auto stub = v1::SweepService::NewStub(channel_);
  const auto events = stub->WatchSweep(&context, request);
  v1::WatchSweepResponse event;
  uint64_t sequence = 0;
  while (events->Read(&event)) {
    EXPECT_GE(event.sequence(), std::exchange(sequence, event.sequence()));
  }
  EXPECT_TRUE(events->Finish().ok());
  EXPECT_EQ(event.state(), v1::SWEEP_STATE_SUCCEEDED);
  EXPECT_EQ(event.counts().runs_succeeded(), 2u);
}

TEST_F(AgentLinkRpcTest, AnAgentOfAnotherVersionIsToldWhy) {
  FakeAgentSession old("old");
  old.hello.set_protocol_min(7);
  old.hello.set_protocol_max(9);
  AgentStream stream(channel_);
  stream.Hello(old);
  EXPECT_EQ(stream.Await(v1::ConnectResponse::kWelcome).message_case(),
            v1::ConnectResponse::MESSAGE_NOT_SET);
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_NE(status.error_message().find("protocol 7 to 9"), std::string::npos)
      << status.error_message();
}

TEST_F(AgentLinkRpcTest, ACallerOfCalibrateIsAnsweredByTheAgent) {
  AgentStream stream(channel_);
  stream.Hello(pi_);
  stream.Await(v1::ConnectResponse::kWelcome);
  v1::CalibrateAgentRequest request;
  request.set_agent("pi");
  request.mutable_task()->set_action(v1::CALIBRATION_ACTION_ZERO);
  v1::CalibrateAgentResponse response;
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    status = v1::FleetService::NewStub(channel_)->CalibrateAgent(&context, request, &response);
  });
  const v1::Calibrate question = stream.Await(v1::ConnectResponse::kCalibrate).calibrate();
  EXPECT_EQ(question.task().action(), v1::CALIBRATION_ACTION_ZERO);
  v1::ConnectRequest answer;
  answer.mutable_calibrated()->set_request_id(question.request_id());
  answer.mutable_calibrated()->mutable_sensor()->set_calibration_version(1);
  stream.Write(answer);
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.agent().sensor().calibration_version(), 1u);
}

TEST_F(AgentLinkRpcTest, ACallerOfCalibrateIsAnsweredWhenTheServerStops) {
  AgentStream stream(channel_);
  stream.Hello(pi_);
  stream.Await(v1::ConnectResponse::kWelcome);
  v1::CalibrateAgentRequest request;
  request.set_agent("pi");
  request.mutable_task()->set_action(v1::CALIBRATION_ACTION_ZERO);
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::CalibrateAgentResponse response;
    status = v1::FleetService::NewStub(channel_)->CalibrateAgent(&context, request, &response);
  });
  stream.Await(v1::ConnectResponse::kCalibrate);
  RunAndWait(core_, [this] { coordinator_->Drain(); });
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace tinyjoule
