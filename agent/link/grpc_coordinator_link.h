// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_LINK_GRPC_COORDINATOR_LINK_H_
#define AGENT_LINK_GRPC_COORDINATOR_LINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "agent/core/artifact_cache.h"
#include "agent/core/coordinator_link.h"
#include "agent/link/clock_offset.h"
#include "agent/link/connect_stream.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/random_source.h"
#include "common/base/task_runner.h"
#include "grpcpp/channel.h"

namespace tinyjoule {

// The Connect stream to the coordinator: dials, says hello, sends a heartbeat every 5 s, drops a
// peer that was silent for 14 s, and dials again after a jittered backoff. A refusal that another
// try cannot cure (FAILED_PRECONDITION: another protocol, a name that is taken) is retried slowly.
// On the core sequence, but for Fetch (any thread) and the channel factory, which may block on the
// resolver and so runs on `dialer`. After Stop nothing is posted to the core any more but by a
// dialer that is still at work: end that one first.
class GrpcCoordinatorLink final : public CoordinatorLink, public ArtifactSource {
 public:
  struct Options {
    Backoff::Options backoff;
    int64_t refused_retry_ns = 60 * kNsPerSecond;
    int64_t heartbeat_ns = 5 * kNsPerSecond;
    int64_t silence_ns = 14 * kNsPerSecond;
    // For one piece of a download; it goes on where it broke off.
    int64_t fetch_timeout_ns = 10 * kNsPerSecond;
  };
  // A new channel, with the name resolved anew.
  using ChannelFactory = std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>()>;

  // The references outlive the link.
  GrpcCoordinatorLink(const Options& options, ChannelFactory make_channel, TaskRunner& core,
                      TaskRunner& dialer, Clock& clock, RandomSource& random);
  ~GrpcCoordinatorLink() override;

  void Start(Listener& listener) override;
  void Send(v1::ConnectRequest message) override;
  void Stop() override;

  absl::Status Fetch(const std::string& sha256, uint64_t offset, const Taker& take) override;

 private:
  void Dial();
  void OnChannel(uint64_t call, absl::StatusOr<std::shared_ptr<grpc::Channel>> channel);
  ConnectStream::Callbacks StreamCallbacks(uint64_t call);
  void OnMessage(uint64_t call, const v1::ConnectResponse& message);
  void OnWelcome(const v1::Welcome& welcome);
  // The call is over, or given up.
  void OnEnded(uint64_t call, const absl::Status& why);
  void RetryLater(const absl::Status& why);
  void Tick(uint64_t call);
  void SendHeartbeat(int64_t now_ns);
  void OnHeartbeat(const v1::Heartbeat& heartbeat);
  void SetChannel(std::shared_ptr<grpc::Channel> channel);
  // Ends the stream that is there, if any, and waits for its end.
  void CloseStream();

  const Options options_;
  const ChannelFactory make_channel_;
  TaskRunner& core_;
  TaskRunner& dialer_;
  Clock& clock_;
  Backoff backoff_;
  Listener* listener_ = nullptr;
  // Numbers the calls: what an earlier call still posts is ignored. 0: stopped.
  uint64_t call_ = 0;
  uint64_t last_call_ = 0;
  bool welcomed_ = false;
  std::unique_ptr<v1::AgentLinkService::Stub> stub_;
  std::unique_ptr<ConnectStream> stream_;
  int64_t last_heard_ns_ = 0;
  int64_t last_heartbeat_ns_ = 0;
  ClockOffset clock_offset_;
  std::string last_complaint_;

  absl::Mutex channel_mutex_;
  std::shared_ptr<grpc::Channel> channel_ ABSL_GUARDED_BY(channel_mutex_);
};

}  // namespace tinyjoule

#endif  // AGENT_LINK_GRPC_COORDINATOR_LINK_H_
