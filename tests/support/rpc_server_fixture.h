// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_RPC_SERVER_FIXTURE_H_
#define TESTS_SUPPORT_RPC_SERVER_FIXTURE_H_

#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/task_runner.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "server/core/coordinator.h"
#include "server/rpc/rpc_server.h"
#include "server/store/file_artifact_store.h"
#include "server/store/memory_run_store.h"
#include "tests/support/fake_training_executor.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {

class NoAssembler final : public RunAssemblerPort {
 public:
  absl::StatusOr<v1::RunAssembly> Assemble(const v1::Run&, const AttemptKey&, RunReader&) override {
    return absl::UnimplementedError("no run is assembled here");
  }
};

// The services over real gRPC on loopback, before a real coordinator with a store in memory.
class RpcServerTest : public ::testing::Test {
 protected:
  RpcServerTest() : core_("core"), file_sequence_("files"), store_(MakeMemoryRunStore()) {
    char pattern[] = "/tmp/tinyjoule-rpc-XXXXXX";
    folder_ = mkdtemp(pattern);
    artifacts_ = OpenFileArtifactStore(files_, JoinPath(folder_, "artifacts")).value();
    executor_ = std::make_unique<FakeTrainingExecutor>(core_, *artifacts_);
    RunAndWait(core_, [this] {
      coordinator_ = Coordinator::Start(
                         {core_, clock_, files_, *store_, *artifacts_, *executor_, assembler_}, {})
                         .value();
    });
    RpcServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.verify = [](const v1::Run&, RunReader&) { return std::vector<std::string>(); };
    server_ =
        RpcServer::Start(options, {core_, *coordinator_}, {file_sequence_, files_, *artifacts_})
            .value();
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }
  ~RpcServerTest() override {
    server_.reset();
    RunAndWait(core_, [this] { coordinator_.reset(); });
    EXPECT_TRUE(files_.RemoveTree(folder_).ok());
  }

  static void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  static std::string BytesOf(const grpc::ByteBuffer& buffer) {
    std::vector<grpc::Slice> slices;
    std::string bytes;
    if (!buffer.Dump(&slices).ok()) return "";
    for (const grpc::Slice& part : slices) {
      bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
    return bytes;
  }
  // One unary call by name, with bytes for messages: for services that ship no stubs.
  std::string CallRaw(const std::string& method, const std::string& request) {
    grpc::GenericStub stub(channel_);
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    SetDeadline(context);
    const grpc::Slice slice(request);
    const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
    grpc::ByteBuffer response;
    grpc::Status status;
    call->StartCall();
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    EXPECT_TRUE(status.ok()) << status.error_message();
    return BytesOf(response);
  }
  grpc::Status Upload(const std::vector<v1::UploadFileRequest>& pieces) {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::UploadFileResponse response;
    const auto writer = v1::SweepService::NewStub(channel_)->UploadFile(&context, &response);
    for (const v1::UploadFileRequest& piece : pieces) {
      if (!writer->Write(piece)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }
  static v1::UploadFileRequest Piece(const std::string& sha256, uint64_t size,
                                     const std::string& data) {
    v1::UploadFileRequest piece;
    piece.set_sha256(sha256);
    piece.set_size_bytes(size);
    piece.set_data(data);
    return piece;
  }
  // The status with which an agent's stream ends after it said `messages`.
  grpc::Status Connect(const std::vector<v1::ConnectRequest>& messages) {
    grpc::ClientContext context;
    SetDeadline(context);
    const auto stream = v1::AgentLinkService::NewStub(channel_)->Connect(&context);
    for (const v1::ConnectRequest& message : messages) {
      if (!stream->Write(message)) break;
    }
    v1::ConnectResponse response;
    while (stream->Read(&response)) {
    }
    return stream->Finish();
  }
  static v1::ConnectRequest Hello() {
    v1::ConnectRequest message;
    message.mutable_hello()->set_protocol_min(1);
    message.mutable_hello()->set_protocol_max(1);
    message.mutable_hello()->set_agent_name("pi-1");
    message.mutable_hello()->set_installation_id("0123456789abcdef");
    return message;
  }
  // Fetches from an offset; the bytes that came.
  std::string Fetch(const std::string& sha256, uint64_t offset, grpc::Status* status) {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::FetchArtifactRequest request;
    request.set_sha256(sha256);
    request.set_offset(offset);
    const auto reader = v1::AgentLinkService::NewStub(channel_)->FetchArtifact(&context, request);
    v1::FetchArtifactResponse piece;
    std::string bytes;
    while (reader->Read(&piece)) bytes += piece.data();
    *status = reader->Finish();
    return bytes;
  }

  std::string folder_;
  SystemClock clock_;
  PosixFileSystem files_;
  NoAssembler assembler_;
  ThreadTaskRunner core_;
  ThreadTaskRunner file_sequence_;
  std::unique_ptr<RunStore> store_;
  std::unique_ptr<ArtifactStore> artifacts_;
  std::unique_ptr<FakeTrainingExecutor> executor_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_RPC_SERVER_FIXTURE_H_
