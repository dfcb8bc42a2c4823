// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_INTEGRATION_AGENT_LINK_FIXTURE_H_
#define TESTS_INTEGRATION_AGENT_LINK_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "server/rpc/rpc_server.h"
#include "server/store/sqlite_run_store.h"
#include "tests/support/coordinator_fixture.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {

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

// The real services over an in-process channel, with the real core on its thread and a real SQLite
// store; trainer and assembler are fake.
class AgentLinkFixture : public testing::Test {
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
  // One model, measured `repeat` times on any agent; its training has ended.
  std::string SubmitAndTrain(int repeat) {
    grpc::ClientContext context;
    v1::CreateSweepRequest request;
    request.set_sweep_yaml(absl::StrCat(
        "version: 1\nname: rpc\nseed: 7\n"
        "dataset: {type: synthetic_weather, split: {method: holdout}}\n"
        "models: [{name: mlp, type: tinymlp, hidden: [8]}]\nvariants: [{name: float32}]\n"
        "agents: {placement: any}\nmeasure: {repeat: ",
        repeat, ", reference: none}\n"));
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

}  // namespace tinyjoule

#endif  // TESTS_INTEGRATION_AGENT_LINK_FIXTURE_H_
