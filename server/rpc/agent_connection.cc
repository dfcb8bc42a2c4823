// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/agent_connection.h"

#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/net/status.h"
#include "server/rpc/request_check.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxOutgoing = 1024;
constexpr int64_t kHelloTimeoutNs = 10 * kNsPerSecond;
constexpr int64_t kFlushTimeoutNs = 2 * kNsPerSecond;

}  // namespace

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* AgentConnection::Start(
    grpc::CallbackServerContext* context, const CoreAccess& core) {
  std::shared_ptr<AgentConnection> connection(new AgentConnection(context, core));
  connection->self_ = connection;
  connection->PostDelayed(kHelloTimeoutNs, [connection = connection.get()] {
    if (connection->attached_) return;
    connection->Close(absl::DeadlineExceededError("no hello came"));
  });
  connection->StartRead(&connection->incoming_);
  return connection.get();
}

void AgentConnection::OnReadDone(bool ok) {
  Post([this, ok] {
    if (!ok) return Break(absl::OkStatus());
    TakeMessage();
    if (!closing_) StartRead(&incoming_);
  });
}

void AgentConnection::TakeMessage() {
  if (closing_) return;
  if (!attached_) {
    const absl::Status status = Attach();
    if (status.ok()) return;
    spdlog::warn("refused agent \"{}\" from {}: {}", incoming_.hello().agent_name(),
                 context_->peer(), status.ToString(absl::StatusToStringMode::kWithNoExtraData));
    return Close(status);
  }
  const absl::Status status = CheckAgentMessage(incoming_);
  if (!status.ok()) {
    spdlog::warn("closed the stream of {}: {}", context_->peer(),
                 status.ToString(absl::StatusToStringMode::kWithNoExtraData));
    return Close(status);
  }
  core_.coordinator.OnAgentMessage(*this, incoming_);
}

absl::Status AgentConnection::Attach() {
  if (!incoming_.has_hello()) return absl::InvalidArgumentError("the first message is no hello");
  TJ_RETURN_IF_ERROR(CheckHello(incoming_.hello()));
  TJ_RETURN_IF_ERROR(core_.coordinator.AttachAgent(*this, incoming_.hello()));
  attached_ = true;
  return absl::OkStatus();
}

void AgentConnection::Send(const v1::ConnectResponse& message) {
  if (closing_) return;
  if (outgoing_.size() >= kMaxOutgoing) {
    return Break(absl::ResourceExhaustedError("the agent takes no messages"));
  }
  outgoing_.push_back(message);
  WriteNext();
}

void AgentConnection::WriteNext() {
  if (writing_ || finished_ || outgoing_.empty()) return;
  writing_ = true;
  StartWrite(&outgoing_.front());
}

void AgentConnection::OnWriteDone(bool ok) {
  Post([this, ok] {
    writing_ = false;
    outgoing_.pop_front();
    if (!ok) return Break(absl::CancelledError("the agent is gone"));
    WriteNext();
    FinishWhenFlushed();
  });
}

void AgentConnection::Close(const absl::Status& status) {
  if (closing_) return;
  closing_ = status;
  FinishWhenFlushed();
  if (finished_) return;
  PostDelayed(kFlushTimeoutNs, [this] {
    if (!finished_) Break(absl::CancelledError("the agent takes no messages"));
  });
}

void AgentConnection::Break(const absl::Status& status) {
  if (finished_) return;
  if (!closing_) closing_ = status;
  outgoing_.resize(writing_ ? 1 : 0);
  // A write that nobody takes ends only with the call.
  if (writing_) context_->TryCancel();
  FinishWhenFlushed();
}

void AgentConnection::FinishWhenFlushed() {
  if (!closing_ || writing_ || finished_ || !outgoing_.empty()) return;
  finished_ = true;
  Finish(ToGrpcStatus(*closing_));
}

void AgentConnection::OnCancel() {
  Post([this] { Break(absl::CancelledError("the agent is gone")); });
}

void AgentConnection::OnDone() {
  core_.sequence.Post([self = std::move(self_)] {
    if (self->attached_) self->core_.coordinator.OnAgentGone(*self);
  });
}

void AgentConnection::Post(std::function<void()> task) { PostDelayed(0, std::move(task)); }

void AgentConnection::PostDelayed(int64_t delay_ns, std::function<void()> task) {
  core_.sequence.PostDelayed(delay_ns,
                             [self = shared_from_this(), task = std::move(task)] { task(); });
}

}  // namespace tinyjoule
