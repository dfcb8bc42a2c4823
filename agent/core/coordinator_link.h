// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_COORDINATOR_LINK_H_
#define AGENT_CORE_COORDINATOR_LINK_H_

#include "absl/status/status.h"
#include "tinyjoule/v1/agent_link_service.pb.h"

namespace tinyjoule {

// The agent's end of the Connect stream, as the core sees it. The implementation dials, says hello,
// keeps the stream alive, notices a silent peer and dials again.
//   1. Start(listener). 2. OnConnected, messages both ways, OnDisconnected; and again.
//   3. Stop().
// Start, Send, Stop: on the core sequence.
class CoordinatorLink {
 public:
  // Called on the core sequence.
  class Listener {
   public:
    virtual ~Listener() = default;
    // The first message of every connection.
    virtual v1::Hello MakeHello() = 0;
    // The coordinator said welcome.
    virtual void OnConnected(const v1::Welcome& welcome) = 0;
    // Once per OnConnected.
    virtual void OnDisconnected(const absl::Status& why) = 0;
    // Everything but Welcome and Heartbeat.
    virtual void OnMessage(const v1::ConnectResponse& message) = 0;
  };

  virtual ~CoordinatorLink() = default;
  virtual void Start(Listener& listener) = 0;
  // Dropped when there is no connection. Callers bound what they have on the way.
  virtual void Send(v1::ConnectRequest message) = 0;
  // Ends the connection; no call to the listener comes after it.
  virtual void Stop() = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_COORDINATOR_LINK_H_
