// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_FLEET_H_
#define SERVER_CORE_FLEET_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "server/core/agent_session.h"
#include "server/core/run_store.h"
#include "tinyjoule/v1/agent_link_service.pb.h"
#include "tinyjoule/v1/fleet_service.pb.h"

namespace tinyjoule {

constexpr uint32_t kProtocolVersion = 1;

struct AgentEntry {
  AgentRecord record;
  // Null while the agent is away.
  AgentSession* session = nullptr;
  int64_t last_heard_mono_ns = 0;
  // Of this connection.
  v1::Heartbeat last_heartbeat;
  // It gets no runs meanwhile.
  bool calibrating = false;
};

// Every agent that ever came, connected or not. Core sequence.
class Fleet {
 public:
  Fleet(RunStore& store, Clock& clock) : store_(store), clock_(clock) {}
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  [[nodiscard]] absl::Status Load();

  // Connects the agent; its older session, if any, is closed. FailedPrecondition: no common
  // protocol, or another machine is connected under the name. InvalidArgument: a bad name.
  absl::StatusOr<AgentEntry*> Attach(AgentSession& session, const v1::Hello& hello);
  // The agent of that session, now away; null when the session was replaced.
  AgentEntry* Detach(AgentSession& session);
  AgentEntry* FindBySession(const AgentSession& session);
  AgentEntry* Find(const std::string& name);
  std::map<std::string, AgentEntry>& agents() { return agents_; }
  // Names of the agents that the spec selects, sorted; only connected ones that take work, if so
  // asked.
  std::vector<std::string> Matching(const v1::SweepSpec& spec, bool available_only) const;

  v1::Agent Describe(const AgentEntry& agent) const;
  // NotFound; InvalidArgument for a bad key or a label that only the agent itself can take away.
  absl::StatusOr<AgentEntry*> Label(const v1::LabelAgentRequest& request);
  absl::StatusOr<AgentEntry*> Cordon(const std::string& name, bool cordoned);
  // What the agent says of its sensor since its Hello.
  [[nodiscard]] absl::Status SetSensor(AgentEntry& agent, const v1::SensorDescription& sensor);
  // FailedPrecondition while it is connected.
  [[nodiscard]] absl::Status Remove(const std::string& name);

 private:
  absl::StatusOr<AgentEntry*> Get(const std::string& name);
  absl::Status Store(const AgentRecord& record);

  RunStore& store_;
  Clock& clock_;
  std::map<std::string, AgentEntry> agents_;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_FLEET_H_
