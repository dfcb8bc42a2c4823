// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_BLOCKING_STREAM_H_
#define SERVER_RPC_BLOCKING_STREAM_H_

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/net/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"

namespace tinyjoule {

// A server stream that a worker thread writes to as to a file: Write returns when gRPC has taken
// the message, so the client paces the work. 1. the service's method returns it; 2. the worker
// calls Write any number of times and End once; 3. it lives until gRPC and every holder are done.
template <typename Message>
class BlockingStream final : public grpc::ServerWriteReactor<Message> {
 public:
  // A client that takes nothing for so long is given up.
  static constexpr absl::Duration kPatience = absl::Seconds(60);

  static std::shared_ptr<BlockingStream> Create(grpc::CallbackServerContext* context) {
    std::shared_ptr<BlockingStream> stream(new BlockingStream(context));
    stream->self_ = stream;
    return stream;
  }

  // Cancelled when the client is gone or too slow.
  [[nodiscard]] absl::Status Write(Message message) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      if (gone_) return absl::CancelledError("the client is gone");
      message_ = std::move(message);
      writing_ = true;
    }
    this->StartWrite(&message_);
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(this, &BlockingStream::Idle), kPatience)) {
      context_->TryCancel();  // Which ends the write.
      mutex_.Await(absl::Condition(this, &BlockingStream::Idle));
      gone_ = true;
    }
    return gone_ ? absl::CancelledError("the client is gone or takes nothing") : absl::OkStatus();
  }
  void End(const absl::Status& status) { this->Finish(ToGrpcStatus(status)); }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    gone_ |= !ok;
  }
  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    gone_ = true;
  }
  void OnDone() override { self_.reset(); }

 private:
  explicit BlockingStream(grpc::CallbackServerContext* context) : context_(context) {}
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !writing_; }

  grpc::CallbackServerContext* const context_;
  std::shared_ptr<BlockingStream> self_;
  // gRPC's while `writing_`.
  Message message_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_BLOCKING_STREAM_H_
