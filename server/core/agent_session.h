// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_AGENT_SESSION_H_
#define SERVER_CORE_AGENT_SESSION_H_

#include "absl/status/status.h"
#include "tinyjoule/v1/agent_link_service.pb.h"

namespace tinyjoule {

// One connected agent's stream, as the core sees it. Used on the core sequence. It lives from
// Coordinator::AttachAgent until Coordinator::OnAgentGone has returned.
class AgentSession {
 public:
  virtual ~AgentSession() = default;
  // Queues the message and returns at once. A session whose queue is full closes itself: the agent
  // connects again and everything that counts is said again.
  virtual void Send(const v1::ConnectResponse& message) = 0;
  // Ends the stream with `status` after what was queued. OnAgentGone follows, not from inside.
  virtual void Close(const absl::Status& status) = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_AGENT_SESSION_H_
