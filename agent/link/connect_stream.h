// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_LINK_CONNECT_STREAM_H_
#define AGENT_LINK_CONNECT_STREAM_H_

#include <deque>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"

namespace tinyjoule {

// One call of Connect, over gRPC's callbacks: no thread of its own.
//   1. Make and Open(). 2. Send() from any thread; messages go out in order, one at a time.
//   3. on_message for each message that comes. 4. on_done once, last, with how the call ended.
//   5. Join() before the callbacks' owner goes.
// The callbacks run on gRPC's threads and must only post.
class ConnectStream final
    : public grpc::ClientBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  struct Callbacks {
    std::function<void(v1::ConnectResponse)> on_message;
    std::function<void(absl::Status)> on_done;
  };

  explicit ConnectStream(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  void Open(v1::AgentLinkService::Stub& stub);
  void Send(v1::ConnectRequest message);
  // Ends the call; on_done follows.
  void Cancel() { context_.TryCancel(); }
  // Waits until on_done has returned.
  void Join() { done_.WaitForNotification(); }

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const Callbacks callbacks_;
  grpc::ClientContext context_;
  v1::ConnectResponse incoming_;
  absl::Mutex mutex_;
  // The front is being written.
  std::deque<v1::ConnectRequest> outgoing_ ABSL_GUARDED_BY(mutex_);
  // No more writes may begin.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Notification done_;
};

}  // namespace tinyjoule

#endif  // AGENT_LINK_CONNECT_STREAM_H_
