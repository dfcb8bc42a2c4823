// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The services over real gRPC on loopback, before a real coordinator with a store in memory.
#include "server/rpc/rpc_server.h"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/errors/field_violation.h"
#include "common/net/status.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "server/store/file_artifact_store.h"
#include "server/store/memory_run_store.h"
#include "tests/support/fake_training_executor.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NoAssembler final : public RunAssemblerPort {
 public:
  absl::StatusOr<v1::RunAssembly> Assemble(const v1::Run&, const AttemptKey&, RunReader&) override {
    return absl::UnimplementedError("no run is assembled here");
  }
};

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

TEST_F(RpcServerTest, HealthTurnsNotServingBeforeTheEnd) {
  // HealthCheckResponse.status is field 1: SERVING is 1, NOT_SERVING is 2.
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", ""), "\x08\x01");
  server_->SetNotServing();
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", ""), "\x08\x02");
}

TEST_F(RpcServerTest, ReflectionNamesTheServices) {
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  // ServerReflectionRequest.list_services is field 7.
  const grpc::Slice slice(std::string("\x3a\x01*"));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  stream->StartCall(this);
  ASSERT_TRUE(wait());
  stream->Write(request, this);
  ASSERT_TRUE(wait());
  stream->Read(&response, this);
  ASSERT_TRUE(wait());
  const std::string names = BytesOf(response);
  for (const char* service : {"SweepService", "RunService", "FleetService", "AgentLinkService"}) {
    EXPECT_THAT(names, HasSubstr(absl::StrCat("tinyjoule.v1.", service)));
  }
  grpc::Status status;
  context.TryCancel();
  stream->Finish(&status, this);
  wait();
}

TEST_F(RpcServerTest, AnErrorKeepsItsCodeAndItsWords) {
  grpc::ClientContext context;
  v1::GetSweepRequest request;
  v1::GetSweepResponse response;
  request.set_sweep_id("nowhere");
  const grpc::Status status =
      v1::SweepService::NewStub(channel_)->GetSweep(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nowhere"));
}

TEST_F(RpcServerTest, AHostileNameIsRefusedAtTheBorder) {
  grpc::ClientContext context;
  v1::CordonAgentRequest request;
  v1::CordonAgentResponse response;
  request.set_agent("../../etc/passwd\n");
  const grpc::Status status =
      v1::FleetService::NewStub(channel_)->CordonAgent(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("agent: \"../../etc/passwd\\n\" is no name"));
}

TEST_F(RpcServerTest, AMessageOverFourMebibytesIsRefused) {
  grpc::ClientContext context;
  v1::CreateSweepRequest request;
  v1::CreateSweepResponse response;
  request.set_sweep_yaml(std::string(5 << 20, 'x'));
  const grpc::Status status =
      v1::SweepService::NewStub(channel_)->CreateSweep(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(RpcServerTest, WatchingAnUnknownSweepEndsWithNotFound) {
  grpc::ClientContext context;
  v1::WatchSweepRequest request;
  request.set_sweep_id("nowhere");
  const auto reader = v1::SweepService::NewStub(channel_)->WatchSweep(&context, request);
  v1::WatchSweepResponse event;
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RpcServerTest, AnUploadBecomesAnArtifactThatCanBeFetchedFromAnyOffset) {
  std::string bytes;
  for (int i = 0; i < 700'000; ++i) bytes.push_back(static_cast<char>(i * 31));
  const std::string sha256 = Sha256Hex(bytes);
  ASSERT_TRUE(Upload({Piece(sha256, bytes.size(), bytes.substr(0, 400'000)),
                      Piece("", 0, bytes.substr(400'000))})
                  .ok());
  ASSERT_TRUE(artifacts_->Has(sha256));
  grpc::Status status;
  EXPECT_EQ(Fetch(sha256, 0, &status), bytes);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Fetch(sha256, 300'000, &status), bytes.substr(300'000));
  EXPECT_EQ(Fetch(sha256, 700'000, &status), "");
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Fetch(sha256, 700'001, &status), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_TRUE(Upload({Piece(sha256, bytes.size(), "")}).ok()) << "it is there already";
}

TEST_F(RpcServerTest, AnUploadThatIsNotWhatItSaysLeavesNothing) {
  const std::string sha256 = Sha256Hex("12345678");
  for (const auto& pieces : std::vector<std::vector<v1::UploadFileRequest>>{
           {},
           {Piece("not a hash", 8, "12345678")},
           {Piece(sha256, 8, "1234")},
           {Piece(sha256, 4, "12345678")},
           {Piece(sha256, 8, "87654321")},
           {Piece(sha256, (uint64_t{4} << 30) + 1, "12345678")}}) {
    const grpc::Status status = Upload(pieces);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  }
  EXPECT_FALSE(artifacts_->Has(sha256));
  server_.reset();
  RunAndWait(file_sequence_, [] {});
  const std::string temporary = FolderOf(artifacts_->TemporaryPath());
  EXPECT_THAT(files_.ListFolder(temporary).value(), IsEmpty());
}

TEST_F(RpcServerTest, AnUnknownArtifactIsNotFound) {
  grpc::Status status;
  Fetch(std::string(64, '0'), 0, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  Fetch("../../etc/passwd", 0, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

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

TEST_F(RpcServerTest, AnInvalidSweepBlamesItsPlacesForPrograms) {
  grpc::ClientContext context;
  v1::CreateSweepRequest request;
  v1::CreateSweepResponse response;
  request.set_file_name("s.yaml");
  request.set_sweep_yaml("version: 1\nname: s\ntrian: {}\n");
  const absl::Status status = FromGrpcStatus(
      v1::SweepService::NewStub(channel_)->CreateSweep(&context, request, &response));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("s.yaml:3:1: unknown key"));
  const std::vector<FieldViolation> violations = FieldViolationsOf(status);
  ASSERT_FALSE(violations.empty());
  const auto blames_trian = [](const FieldViolation& violation) {
    return violation.field == "sweep_yaml:3:1" &&
           violation.description.find("unknown key \"trian\"") == 0;
  };
  EXPECT_EQ(std::count_if(violations.begin(), violations.end(), blames_trian), 1);
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
