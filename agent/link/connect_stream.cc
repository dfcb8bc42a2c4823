// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/link/connect_stream.h"

#include <utility>

#include "common/net/status.h"

namespace tinyjoule {

// The hold keeps the call open for writes that begin outside of its reactions.
void ConnectStream::Open(v1::AgentLinkService::Stub& stub) {
  stub.async()->Connect(&context_, this);
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

void ConnectStream::Send(v1::ConnectRequest message) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return;
  outgoing_.push_back(std::move(message));
  if (outgoing_.size() == 1) StartWrite(&outgoing_.front());
}

void ConnectStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  outgoing_.pop_front();
  // A failed write means that the call is over: the read says so too.
  if (ok && !closed_ && !outgoing_.empty()) StartWrite(&outgoing_.front());
}

void ConnectStream::OnReadDone(bool ok) {
  if (ok) {
    callbacks_.on_message(std::move(incoming_));
    incoming_.Clear();
    StartRead(&incoming_);
    return;
  }
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  RemoveHold();
}

void ConnectStream::OnDone(const grpc::Status& status) {
  callbacks_.on_done(status.ok() ? absl::UnavailableError("the coordinator ended the call")
                                 : FromGrpcStatus(status));
  done_.Notify();
}

}  // namespace tinyjoule
