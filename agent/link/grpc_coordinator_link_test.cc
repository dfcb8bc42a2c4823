// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/link/grpc_coordinator_link.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/net/channel.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);

// A coordinator whose every call goes as the test says.
class ScriptedCoordinator final : public v1::AgentLinkService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ConnectResponse, v1::ConnectRequest>;
  using Call = std::function<grpc::Status(Stream&, int call)>;

  explicit ScriptedCoordinator(Call on_call) : on_call_(std::move(on_call)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~ScriptedCoordinator() override {
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status Connect(grpc::ServerContext*, Stream* stream) override {
    int call = 0;
    {
      absl::MutexLock lock(&mutex_);
      call = calls_++;
    }
    return on_call_(*stream, call);
  }
  grpc::Status FetchArtifact(grpc::ServerContext*, const v1::FetchArtifactRequest* request,
                             grpc::ServerWriter<v1::FetchArtifactResponse>* writer) override {
    if (request->sha256() != "known") return {grpc::StatusCode::NOT_FOUND, "no such artifact"};
    const std::string bytes = std::string("0123456789").substr(request->offset());
    for (const char byte : bytes) {
      v1::FetchArtifactResponse piece;
      piece.set_data(std::string(1, byte));
      writer->Write(piece);
    }
    return grpc::Status::OK;
  }

  static void Welcome(Stream& stream, uint32_t protocol = 1) {
    v1::ConnectResponse message;
    message.mutable_welcome()->set_protocol(protocol);
    message.mutable_welcome()->set_coordinator_version("9.9");
    stream.Write(message);
  }

 private:
  const Call on_call_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Writes down what the link says.
class RecordingListener final : public CoordinatorLink::Listener {
 public:
  v1::Hello MakeHello() override {
    v1::Hello hello;
    hello.set_protocol_min(1);
    hello.set_protocol_max(1);
    hello.set_agent_name("pi-1");
    return hello;
  }
  void OnConnected(const v1::Welcome&) override { Add("connected"); }
  void OnDisconnected(const absl::Status& why) override {
    Add("disconnected: " + std::string(why.message()));
  }
  void OnMessage(const v1::ConnectResponse& message) override {
    Add("offer " + message.offer().job().run_id());
  }
  // True when event number `index` came in time and holds `text`.
  ::testing::AssertionResult Saw(size_t index, const std::string& text) {
    absl::MutexLock lock(&mutex_);
    const auto ready = [this, index]()
                           ABSL_NO_THREAD_SAFETY_ANALYSIS { return events_.size() > index; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&ready), kPatience)) {
      return ::testing::AssertionFailure() << "event " << index << " did not come";
    }
    if (events_[index].find(text) != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "event " << index << " is: " << events_[index];
  }
  size_t count() {
    absl::MutexLock lock(&mutex_);
    return events_.size();
  }

 private:
  void Add(std::string event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
  }
  absl::Mutex mutex_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
};

class GrpcCoordinatorLinkTest : public ::testing::Test {
 protected:
  GrpcCoordinatorLinkTest() {
    options_.backoff = {1 * kNsPerMs, 5 * kNsPerMs};
    options_.refused_retry_ns = 5 * kNsPerMs;
  }
  ~GrpcCoordinatorLinkTest() override {
    RunAndWait(core_, [this] {
      if (link_ != nullptr) link_->Stop();
    });
  }
  void Start(const std::string& target) {
    link_ = std::make_unique<GrpcCoordinatorLink>(
        options_, [target] { return MakeChannel(target, {}); }, core_, dialer_, clock_, random_);
    RunAndWait(core_, [this] { link_->Start(listener_); });
  }
  void Send(const v1::ConnectRequest& message) {
    RunAndWait(core_, [&] { link_->Send(message); });
  }

  GrpcCoordinatorLink::Options options_;
  SystemClock clock_;
  SeededRandom random_{1};
  RecordingListener listener_;
  std::unique_ptr<GrpcCoordinatorLink> link_;
  ThreadTaskRunner core_{"core"};
  ThreadTaskRunner dialer_{"dial"};
};

using Stream = ScriptedCoordinator::Stream;

grpc::Status ReadToTheEnd(Stream& stream) {
  v1::ConnectRequest message;
  while (stream.Read(&message)) {
  }
  return grpc::Status::OK;
}

TEST_F(GrpcCoordinatorLinkTest, SaysHelloAndPassesMessagesBothWaysInOrder) {
  std::vector<uint64_t> sequences;
  ScriptedCoordinator coordinator([&](Stream& stream, int) {
    v1::ConnectRequest message;
    stream.Read(&message);
    EXPECT_EQ(message.hello().agent_name(), "pi-1");
    ScriptedCoordinator::Welcome(stream);
    while (sequences.size() < 100 && stream.Read(&message)) {
      sequences.push_back(message.chunk().sequence());
    }
    v1::ConnectResponse offer;
    offer.mutable_offer()->mutable_job()->set_run_id("r1");
    stream.Write(offer);
    return ReadToTheEnd(stream);
  });
  Start(coordinator.target());
  ASSERT_TRUE(listener_.Saw(0, "connected"));
  for (uint64_t i = 0; i < 100; ++i) {
    v1::ConnectRequest message;
    message.mutable_chunk()->set_sequence(i);
    Send(message);
  }
  ASSERT_TRUE(listener_.Saw(1, "offer r1"));
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(sequences[i], i);
  RunAndWait(core_, [this] { link_->Stop(); });
}

TEST_F(GrpcCoordinatorLinkTest, ComesBackAfterEveryKindOfEnd) {
  ScriptedCoordinator coordinator([](Stream& stream, int call) -> grpc::Status {
    if (call == 0) return {grpc::StatusCode::UNAVAILABLE, "not yet"};
    ScriptedCoordinator::Welcome(stream);
    if (call == 1) return {grpc::StatusCode::INTERNAL, "stumbled"};
    if (call == 2) return grpc::Status::OK;
    return ReadToTheEnd(stream);
  });
  Start(coordinator.target());
  EXPECT_TRUE(listener_.Saw(0, "connected"));
  EXPECT_TRUE(listener_.Saw(1, "disconnected: stumbled"));
  EXPECT_TRUE(listener_.Saw(2, "connected"));
  EXPECT_TRUE(listener_.Saw(3, "ended the call"));
  EXPECT_TRUE(listener_.Saw(4, "connected"));
  RunAndWait(core_, [this] { link_->Stop(); });
}

TEST_F(GrpcCoordinatorLinkTest, ACoordinatorThatComesLaterIsFound) {
  std::string target;
  {
    ScriptedCoordinator gone([](Stream&, int) { return grpc::Status::OK; });
    target = gone.target();
  }
  int tries = 0;
  std::unique_ptr<ScriptedCoordinator> coordinator;
  link_ = std::make_unique<GrpcCoordinatorLink>(
      options_,
      [&]() -> absl::StatusOr<std::shared_ptr<grpc::Channel>> {
        if (++tries < 3) return MakeChannel(target, {});
        if (tries == 3) return absl::UnavailableError("the name does not resolve");
        if (coordinator == nullptr) {
          coordinator = std::make_unique<ScriptedCoordinator>([](Stream& stream, int) {
            ScriptedCoordinator::Welcome(stream);
            return ReadToTheEnd(stream);
          });
        }
        return MakeChannel(coordinator->target(), {});
      },
      core_, dialer_, clock_, random_);
  RunAndWait(core_, [this] { link_->Start(listener_); });
  EXPECT_TRUE(listener_.Saw(0, "connected"));
  RunAndWait(core_, [this] { link_->Stop(); });
}

TEST_F(GrpcCoordinatorLinkTest, ASilentCoordinatorIsDropped) {
  options_.silence_ns = 50 * kNsPerMs;
  ScriptedCoordinator coordinator([](Stream& stream, int) {
    ScriptedCoordinator::Welcome(stream);
    return ReadToTheEnd(stream);
  });
  Start(coordinator.target());
  EXPECT_TRUE(listener_.Saw(0, "connected"));
  EXPECT_TRUE(listener_.Saw(1, "silent"));
  EXPECT_TRUE(listener_.Saw(2, "connected"));
  RunAndWait(core_, [this] { link_->Stop(); });
}

TEST_F(GrpcCoordinatorLinkTest, HeartbeatsGoOut) {
  options_.heartbeat_ns = 1;
  ScriptedCoordinator coordinator([](Stream& stream, int) {
    ScriptedCoordinator::Welcome(stream);
    v1::ConnectRequest message;
    while (stream.Read(&message)) {
      if (!message.has_heartbeat()) continue;
      EXPECT_GT(message.heartbeat().sent_mono_ns(), 0);
      v1::ConnectResponse offer;
      offer.mutable_offer()->mutable_job()->set_run_id("beat");
      stream.Write(offer);
    }
    return grpc::Status::OK;
  });
  Start(coordinator.target());
  EXPECT_TRUE(listener_.Saw(1, "offer beat"));
  RunAndWait(core_, [this] { link_->Stop(); });
}

// A coordinator an hour ahead; the error is at most half the round trip.
TEST_F(GrpcCoordinatorLinkTest, HeartbeatsTellTheClocksOffset) {
  constexpr int64_t kAheadNs = 3600 * kNsPerSecond;
  options_.heartbeat_ns = 1;
  ScriptedCoordinator coordinator([](Stream& stream, int) {
    ScriptedCoordinator::Welcome(stream);
    v1::ConnectRequest message;
    while (stream.Read(&message)) {
      v1::ConnectResponse answer;
      if (message.heartbeat().has_clock_offset_ns()) {
        EXPECT_GT(message.heartbeat().round_trip_ns(), 0);
        EXPECT_NEAR(static_cast<double>(message.heartbeat().clock_offset_ns() - kAheadNs), 0,
                    static_cast<double>(message.heartbeat().round_trip_ns()) / 2 + 1e5);
        answer.mutable_offer()->mutable_job()->set_run_id("told");
      } else {
        *answer.mutable_heartbeat() = message.heartbeat();
        answer.mutable_heartbeat()->set_received_utc_ns(SystemClock().UtcNs() + kAheadNs);
        answer.mutable_heartbeat()->set_answered_utc_ns(SystemClock().UtcNs() + kAheadNs);
      }
      stream.Write(answer);
    }
    return grpc::Status::OK;
  });
  Start(coordinator.target());
  EXPECT_TRUE(listener_.Saw(1, "offer told"));
  RunAndWait(core_, [this] { link_->Stop(); });
}

TEST_F(GrpcCoordinatorLinkTest, AnotherProtocolIsNoConnectionAndIsTriedAgain) {
  ScriptedCoordinator coordinator([](Stream& stream, int call) -> grpc::Status {
    if (call == 0) return {grpc::StatusCode::FAILED_PRECONDITION, "protocol 7 or later"};
    ScriptedCoordinator::Welcome(stream, call == 1 ? 7 : 1);
    return ReadToTheEnd(stream);
  });
  Start(coordinator.target());
  EXPECT_TRUE(listener_.Saw(0, "connected")) << "the third call speaks our protocol";
  EXPECT_EQ(listener_.count(), 1u);
  RunAndWait(core_, [this] { link_->Stop(); });
}

TEST_F(GrpcCoordinatorLinkTest, FetchesArtifactsFromAnOffset) {
  ScriptedCoordinator coordinator([](Stream& stream, int) {
    ScriptedCoordinator::Welcome(stream);
    return ReadToTheEnd(stream);
  });
  Start(coordinator.target());
  ASSERT_TRUE(listener_.Saw(0, "connected"));
  std::string bytes;
  const auto take = [&bytes](absl::string_view piece) {
    bytes.append(piece.data(), piece.size());
    return bytes == "345" ? absl::CancelledError("enough") : absl::OkStatus();
  };
  EXPECT_TRUE(link_->Fetch("known", 6, take).ok());
  EXPECT_EQ(bytes, "6789");
  bytes.clear();
  EXPECT_EQ(link_->Fetch("known", 3, take).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(bytes, "345");
  EXPECT_EQ(link_->Fetch("unknown", 0, take).code(), absl::StatusCode::kNotFound);
  RunAndWait(core_, [this] { link_->Stop(); });
  EXPECT_EQ(link_->Fetch("known", 0, take).code(), absl::StatusCode::kUnavailable);
}

TEST_F(GrpcCoordinatorLinkTest, WhatIsSentWithoutAConnectionIsDropped) {
  ScriptedCoordinator coordinator([](Stream& stream, int) { return ReadToTheEnd(stream); });
  Start(coordinator.target());
  Send({});
  RunAndWait(core_, [this] { link_->Stop(); });
  Send({});
  EXPECT_EQ(listener_.count(), 0u);
}

}  // namespace
}  // namespace tinyjoule
