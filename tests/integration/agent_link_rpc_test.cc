// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A fake agent over an in-process gRPC channel against the real services, core and SQLite store.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "grpcpp/grpcpp.h"
#include "server/rpc/rpc_server.h"
#include "server/store/sqlite_run_store.h"
#include "tests/support/coordinator_fixture.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

constexpr char kSweep[] =
    "version: 1\nname: rpc\nseed: 7\n"
    "dataset: {type: synthetic_weather, split: {method: holdout}}\n"
    "models: [{name: mlp, type: tinymlp, hidden: [8]}]\nvariants: [{name: float32}]\n"
    "agents: {placement: any}\nmeasure: {repeat: 2}\n";

// One Connect stream, read and written by the test's thread.
class AgentStream {
 public:
  explicit AgentStream(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::AgentLinkService::NewStub(channel)), stream_(stub_->Connect(&context_)) {}
  ~AgentStream() {
    context_.TryCancel();
    if (!finished_) (void)stream_->Finish();
  }
  void Write(const v1::ConnectRequest& message) { EXPECT_TRUE(stream_->Write(message)); }
  void Hello(const FakeAgentSession& agent) {
    v1::ConnectRequest message;
    *message.mutable_hello() = agent.hello;
    Write(message);
  }
  // The next message of that kind; others are passed over. Empty when the stream ends.
  v1::ConnectResponse Await(v1::ConnectResponse::MessageCase kind) {
    v1::ConnectResponse message;
    while (stream_->Read(&message)) {
      if (message.message_case() == kind) return message;
    }
    return {};
  }
  grpc::Status Finish() {
    finished_ = true;
    return stream_->Finish();
  }

 private:
  bool finished_ = false;
  grpc::ClientContext context_;
  const std::unique_ptr<v1::AgentLinkService::Stub> stub_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>> stream_;
};

class AgentLinkRpcTest : public testing::Test {
 protected:
  void SetUp() override {
    RemoveFiles();
    store_ = *OpenSqliteRunStore(path_);
    artifacts_ = *OpenFileArtifactStore(files_, "/artifacts");
    executor_ = std::make_unique<FakeTrainingExecutor>(core_, *artifacts_);
    RunAndWait(core_, [this] {
      coordinator_ = *Coordinator::Start(
          {core_, clock_, files_, *store_, *artifacts_, *executor_, assembler_}, {});
    });
    RpcServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.verify = [](const v1::Run&, RunReader&) { return std::vector<std::string>(); };
    auto server =
        RpcServer::Start(options, {core_, *coordinator_}, {file_sequence_, files_, *artifacts_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = server_->InProcessChannel();
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown(0);
    server_.reset();
    RunAndWait(core_, [this] { coordinator_.reset(); });
    store_.reset();
    RemoveFiles();
  }
  void RemoveFiles() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path_ + suffix).c_str());
  }
  std::string SubmitAndTrain() {
    grpc::ClientContext context;
    v1::CreateSweepRequest request;
    request.set_sweep_yaml(kSweep);
    request.set_file_name("sweep.yaml");
    request.set_request_id("request-1");
    v1::CreateSweepResponse response;
    const grpc::Status status =
        v1::SweepService::NewStub(channel_)->CreateSweep(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    RunAndWait(core_, [this] { executor_->FinishAll(); });
    return response.sweep().sweep_id();
  }
  void Deliver(AgentStream& stream, const v1::JobSpec& job) {
    stream.Write(OfferReplyMessage(job, true));
    stream.Write(ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 1, "one"));
    stream.Write(ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
    stream.Write(ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
    stream.Write(ResultMessage(job, 2));
  }

  const std::string path_ =
      std::string(testing::TempDir()) + "/rpc-" + std::to_string(getpid()) + ".sqlite";
  SystemClock clock_;
  FaultFileSystem files_;
  FakeRunAssembler assembler_;
  std::unique_ptr<RunStore> store_;
  std::unique_ptr<ArtifactStore> artifacts_;
  std::unique_ptr<FakeTrainingExecutor> executor_;
  std::unique_ptr<Coordinator> coordinator_;
  ThreadTaskRunner core_{"core"};
  ThreadTaskRunner file_sequence_{"files"};
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  const FakeAgentSession pi_{"pi"};
};

TEST_F(AgentLinkRpcTest, ASweepIsMeasuredAcrossADroppedStream) {
  const std::string sweep_id = SubmitAndTrain();
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
