// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/link/grpc_coordinator_link.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/net/status.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

constexpr int64_t kTickNs = kNsPerSecond;

}  // namespace

GrpcCoordinatorLink::GrpcCoordinatorLink(const Options& options, ChannelFactory make_channel,
                                         TaskRunner& core, TaskRunner& dialer, Clock& clock,
                                         RandomSource& random)
    : options_(options),
      make_channel_(std::move(make_channel)),
      core_(core),
      dialer_(dialer),
      clock_(clock),
      backoff_(options.backoff, random) {}

GrpcCoordinatorLink::~GrpcCoordinatorLink() { CloseStream(); }

void GrpcCoordinatorLink::Start(Listener& listener) {
  listener_ = &listener;
  Dial();
}

void GrpcCoordinatorLink::Stop() {
  call_ = 0;
  listener_ = nullptr;
  SetChannel(nullptr);
  CloseStream();
}

void GrpcCoordinatorLink::CloseStream() {
  if (stream_ == nullptr) return;
  stream_->Cancel();
  stream_->Join();
  stream_.reset();
}

void GrpcCoordinatorLink::Dial() {
  if (listener_ == nullptr) return;
  CloseStream();
  call_ = ++last_call_;
  welcomed_ = false;
  dialer_.Post([this, call = call_] {
    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = make_channel_();
    core_.Post([this, call, channel = std::move(channel)] { OnChannel(call, channel); });
  });
}

void GrpcCoordinatorLink::OnChannel(uint64_t call,
                                    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel) {
  if (call != call_) return;
  if (!channel.ok()) {
    OnEnded(call, channel.status());
    return;
  }
  stub_ = v1::AgentLinkService::NewStub(*channel);
  SetChannel(*std::move(channel));
  stream_ = std::make_unique<ConnectStream>(StreamCallbacks(call_));
  stream_->Open(*stub_);
  v1::ConnectRequest request;
  *request.mutable_hello() = listener_->MakeHello();
  stream_->Send(std::move(request));
  last_heard_ns_ = last_heartbeat_ns_ = clock_.MonotonicNs();
  clock_offset_ = {};
  core_.PostDelayed(kTickNs, [this, call = call_] { Tick(call); });
}

ConnectStream::Callbacks GrpcCoordinatorLink::StreamCallbacks(uint64_t call) {
  ConnectStream::Callbacks callbacks;
  callbacks.on_message = [this, call](v1::ConnectResponse message) {
    core_.Post([this, call, message = std::move(message)] { OnMessage(call, message); });
  };
  callbacks.on_done = [this, call](const absl::Status& status) {
    core_.Post([this, call, status] { OnEnded(call, status); });
  };
  return callbacks;
}

void GrpcCoordinatorLink::OnMessage(uint64_t call, const v1::ConnectResponse& message) {
  if (call != call_) return;
  last_heard_ns_ = clock_.MonotonicNs();
  if (message.has_welcome() && !welcomed_) {
    OnWelcome(message.welcome());
  } else if (!welcomed_) {
    OnEnded(call, absl::InternalError("the coordinator did not begin with a welcome"));
  } else if (message.has_heartbeat()) {
    OnHeartbeat(message.heartbeat());
  } else {
    listener_->OnMessage(message);
  }
}

void GrpcCoordinatorLink::OnWelcome(const v1::Welcome& welcome) {
  const v1::Hello hello = listener_->MakeHello();
  if (welcome.protocol() < hello.protocol_min() || welcome.protocol() > hello.protocol_max()) {
    OnEnded(call_, absl::FailedPreconditionError(absl::StrFormat(
                       "the coordinator (version %s) speaks protocol %d; this agent %d to %d",
                       welcome.coordinator_version(), welcome.protocol(), hello.protocol_min(),
                       hello.protocol_max())));
    return;
  }
  welcomed_ = true;
  last_complaint_.clear();
  backoff_.Reset();
  listener_->OnConnected(welcome);
}

void GrpcCoordinatorLink::OnEnded(uint64_t call, const absl::Status& why) {
  if (call != call_) return;
  call_ = 0;
  SetChannel(nullptr);
  if (stream_ != nullptr) stream_->Cancel();
  if (std::exchange(welcomed_, false)) listener_->OnDisconnected(why);
  RetryLater(why);
}

// Each cause is said once, not at every try.
void GrpcCoordinatorLink::RetryLater(const absl::Status& why) {
  const bool refused = absl::IsFailedPrecondition(why) || absl::IsInvalidArgument(why) ||
                       absl::IsUnauthenticated(why) || absl::IsPermissionDenied(why);
  const int64_t delay_ns = refused ? std::max(options_.refused_retry_ns, backoff_.NextDelayNs())
                                   : backoff_.NextDelayNs();
  const std::string complaint = absl::StrCat(
      refused ? "the coordinator refuses this agent: " : "no connection to the coordinator: ",
      why.message());
  if (complaint != last_complaint_) {
    spdlog::log(refused ? spdlog::level::err : spdlog::level::warn, "{} (next try in {:.1f} s)",
                complaint, static_cast<double>(delay_ns) * 1e-9);
    last_complaint_ = complaint;
  }
  core_.PostDelayed(delay_ns, [this] { Dial(); });
}

void GrpcCoordinatorLink::Tick(uint64_t call) {
  if (call != call_) return;
  const int64_t now_ns = clock_.MonotonicNs();
  if (now_ns - last_heard_ns_ >= options_.silence_ns) {
    OnEnded(call, absl::UnavailableError(
                      absl::StrFormat("the coordinator was silent for %.0f s",
                                      static_cast<double>(now_ns - last_heard_ns_) * 1e-9)));
    return;
  }
  if (welcomed_ && now_ns - last_heartbeat_ns_ >= options_.heartbeat_ns) {
    last_heartbeat_ns_ = now_ns;
    SendHeartbeat(now_ns);
  }
  core_.PostDelayed(kTickNs, [this, call] { Tick(call); });
}

void GrpcCoordinatorLink::SendHeartbeat(int64_t now_ns) {
  v1::ConnectRequest request;
  v1::Heartbeat& heartbeat = *request.mutable_heartbeat();
  heartbeat.set_sent_mono_ns(now_ns);
  if (const auto best = clock_offset_.Best()) {
    // Against the wall clock as it is now: a step of it between the exchanges does no harm.
    heartbeat.set_clock_offset_ns(best->offset_ns + now_ns - clock_.UtcNs());
    heartbeat.set_round_trip_ns(best->round_trip_ns);
  }
  stream_->Send(std::move(request));
}

void GrpcCoordinatorLink::OnHeartbeat(const v1::Heartbeat& heartbeat) {
  // An older coordinator does not tell its times.
  if (heartbeat.answered_utc_ns() == 0) return;
  clock_offset_.Add(heartbeat.sent_mono_ns(), heartbeat.received_utc_ns(),
                    heartbeat.answered_utc_ns(), clock_.MonotonicNs());
}

void GrpcCoordinatorLink::Send(v1::ConnectRequest message) {
  if (welcomed_ && stream_ != nullptr) stream_->Send(std::move(message));
}

void GrpcCoordinatorLink::SetChannel(std::shared_ptr<grpc::Channel> channel) {
  absl::MutexLock lock(&channel_mutex_);
  channel_ = std::move(channel);
}

absl::Status GrpcCoordinatorLink::Fetch(const std::string& sha256, uint64_t offset,
                                        const Taker& take) {
  std::shared_ptr<grpc::Channel> channel;
  {
    absl::MutexLock lock(&channel_mutex_);
    channel = channel_;
  }
  if (channel == nullptr) return absl::UnavailableError("there is no connection");
  const auto stub = v1::AgentLinkService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::nanoseconds(options_.fetch_timeout_ns));
  v1::FetchArtifactRequest request;
  request.set_sha256(sha256);
  request.set_offset(offset);
  const auto reader = stub->FetchArtifact(&context, request);
  v1::FetchArtifactResponse piece;
  absl::Status taken;
  while (taken.ok() && reader->Read(&piece)) taken = take(piece.data());
  if (!taken.ok()) context.TryCancel();
  const absl::Status ended = FromGrpcStatus(reader->Finish());
  return taken.ok() ? ended : taken;
}

}  // namespace tinyjoule
