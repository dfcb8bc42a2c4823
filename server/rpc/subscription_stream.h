// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_SUBSCRIPTION_STREAM_H_
#define SERVER_RPC_SUBSCRIPTION_STREAM_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/task_runner.h"
#include "common/net/status.h"
#include "grpcpp/support/server_callback.h"
#include "server/core/subscription.h"

namespace tinyjoule {

// A server stream that hands a subscription's messages to its client, one at a time: the next is
// asked for when gRPC has taken the last one, so a slow client holds one message here and the
// subscription decides what it misses. Everything happens on the core sequence; gRPC's callbacks
// only post. Deletes itself.
template <typename Message>
class SubscriptionStream final : public grpc::ServerWriteReactor<Message>,
                                 public std::enable_shared_from_this<SubscriptionStream<Message>> {
 public:
  using SubscriptionPointer = std::unique_ptr<Subscription<Message>>;
  // Called once, on the core sequence.
  using Open = std::function<absl::StatusOr<SubscriptionPointer>(std::function<void()> on_ready)>;

  static grpc::ServerWriteReactor<Message>* Start(TaskRunner& core, Open open) {
    std::shared_ptr<SubscriptionStream> stream(new SubscriptionStream(core));
    stream->self_ = stream;
    stream->Post([stream = stream.get(), open = std::move(open)] { stream->Begin(open); });
    return stream.get();
  }

  void OnWriteDone(bool ok) override {
    Post([this, ok] {
      writing_ = false;
      // One that ended meanwhile has waited for this.
      if (!ok || ended_) return End(absl::CancelledError("the client is gone"));
      Pump();
    });
  }
  void OnCancel() override {
    Post([this] { End(absl::CancelledError("the client is gone")); });
  }
  void OnDone() override {
    core_.Post([self = std::move(self_)] { self->subscription_.reset(); });
  }

 private:
  explicit SubscriptionStream(TaskRunner& core) : core_(core) {}

  void Post(std::function<void()> task) {
    core_.Post([self = this->shared_from_this(), task = std::move(task)] { task(); });
  }

  void Begin(const Open& open) {
    if (ended_) return;
    absl::StatusOr<SubscriptionPointer> opened = open([this] { Pump(); });
    if (!opened.ok()) return End(opened.status());
    subscription_ = *std::move(opened);
    Pump();
  }

  void Pump() {
    if (writing_ || ended_) return;
    absl::StatusOr<std::optional<Message>> next = subscription_->Next();
    if (!next.ok()) {
      return End(absl::IsOutOfRange(next.status()) ? absl::OkStatus() : next.status());
    }
    if (!next->has_value()) return;
    message_ = **std::move(next);
    writing_ = true;
    this->StartWrite(&message_);
  }

  // A write that is on is waited for: gRPC still reads the message.
  void End(const absl::Status& status) {
    if (!ended_) end_status_ = status;
    ended_ = true;
    subscription_.reset();
    if (writing_ || finished_) return;
    finished_ = true;
    this->Finish(ToGrpcStatus(end_status_));
  }

  TaskRunner& core_;
  // Until OnDone.
  std::shared_ptr<SubscriptionStream> self_;
  SubscriptionPointer subscription_;
  Message message_;
  bool writing_ = false;
  bool ended_ = false;
  bool finished_ = false;
  absl::Status end_status_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_SUBSCRIPTION_STREAM_H_
