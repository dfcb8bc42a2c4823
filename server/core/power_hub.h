// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_POWER_HUB_H_
#define SERVER_CORE_POWER_HUB_H_

#include <functional>
#include <memory>
#include <string>

#include "common/base/task_runner.h"
#include "server/core/agent_session.h"
#include "server/core/subscription.h"

namespace tinyjoule {

// Brings live power of agents to whoever watches. An agent sends it only while someone does. Every
// watcher gets its own thinning; a slow one loses points and is told how many, and slows nobody.
// Core sequence; subscriptions may outlive it.
class PowerHub {
 public:
  // Gives the session of an agent, or null while it is away.
  using SessionLookup = std::function<AgentSession*(const std::string& agent)>;
  PowerHub(TaskRunner& runner, SessionLookup sessions);
  ~PowerHub();
  PowerHub(const PowerHub&) = delete;
  PowerHub& operator=(const PowerHub&) = delete;

  // Points a second at most; 0: 10.
  std::unique_ptr<PowerSubscription> Watch(const std::string& agent, double max_rate_hz,
                                           std::function<void()> on_ready);
  void OnPower(const std::string& agent, const v1::LivePower& power);
  // The agent has connected: it is asked again when someone watches.
  void OnAttached(const std::string& agent);

 private:
  class Watcher;
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_POWER_HUB_H_
