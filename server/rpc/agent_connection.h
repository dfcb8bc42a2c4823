// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_AGENT_CONNECTION_H_
#define SERVER_RPC_AGENT_CONNECTION_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/core/agent_session.h"
#include "server/rpc/core_access.h"
#include "tinyjoule/v1/agent_link_service.pb.h"

namespace tinyjoule {

// One agent's bidirectional stream. 1. Start; 2. its Hello attaches it to the coordinator; 3. a
// message is read when the core has taken the one before, so an agent that sends faster than the
// store commits is slowed by its own transport; 4. Close, from either side, ends it and it deletes
// itself. Everything happens on the core sequence; gRPC's callbacks only post.
class AgentConnection final
    : public grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>,
      public AgentSession,
      public std::enable_shared_from_this<AgentConnection> {
 public:
  static grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* Start(
      grpc::CallbackServerContext* context, const CoreAccess& core);

  void Send(const v1::ConnectResponse& message) override;
  void Close(const absl::Status& status) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  AgentConnection(grpc::CallbackServerContext* context, const CoreAccess& core)
      : context_(context), core_(core) {}

  void Post(std::function<void()> task);
  void PostDelayed(int64_t delay_ns, std::function<void()> task);
  void TakeMessage();
  [[nodiscard]] absl::Status Attach();
  void WriteNext();
  // The stream is of no more use: what is queued goes nowhere.
  void Break(const absl::Status& status);
  void FinishWhenFlushed();

  grpc::CallbackServerContext* const context_;
  const CoreAccess core_;
  // Until OnDone.
  std::shared_ptr<AgentConnection> self_;
  // gRPC's between StartRead and OnReadDone.
  v1::ConnectRequest incoming_;
  // The front one is gRPC's while `writing_`.
  std::deque<v1::ConnectResponse> outgoing_;
  bool attached_ = false;
  bool writing_ = false;
  bool finished_ = false;
  std::optional<absl::Status> closing_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_AGENT_CONNECTION_H_
