// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status.h"
#include "server/core/agent_matching.h"
#include "server/core/timestamps.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxLabelBytes = 256;

absl::Status CheckHello(const v1::Hello& hello) {
  if (hello.protocol_min() > kProtocolVersion || hello.protocol_max() < kProtocolVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "agent ", hello.agent_name(), " (version ", hello.agent_version(), ") speaks protocol ",
        hello.protocol_min(), " to ", hello.protocol_max(), ", this coordinator speaks ",
        kProtocolVersion, ": install the same version on both"));
  }
  if (!IsValidName(hello.agent_name())) {
    return absl::InvalidArgumentError(
        "agent_name: an agent's name is 1 to 64 letters, digits, '.', '_' or '-'");
  }
  return absl::OkStatus();
}

v1::Agent ReportOf(const v1::Hello& hello) {
  v1::Agent agent;
  v1::AgentFacts& facts = *agent.mutable_facts();
  facts.set_name(hello.agent_name());
  facts.set_board(hello.board());
  facts.set_soc(hello.soc());
  facts.set_os(hello.os());
  facts.set_kernel(hello.kernel());
  facts.set_agent_version(hello.agent_version());
  *agent.mutable_labels() = hello.labels();
  *agent.mutable_sensor() = hello.sensor();
  *agent.mutable_engines() = hello.engines();
  return agent;
}

}  // namespace

absl::Status Fleet::Load() {
  TJ_ASSIGN_OR_RETURN(auto records, store_.reads().ListAgents());
  for (AgentRecord& record : records) {
    const std::string name = record.name;
    agents_[name].record = std::move(record);
  }
  return absl::OkStatus();
}

absl::StatusOr<AgentEntry*> Fleet::Attach(AgentSession& session, const v1::Hello& hello) {
  TJ_RETURN_IF_ERROR(CheckHello(hello));
  const AgentEntry* old = Find(hello.agent_name());
  AgentRecord record = old == nullptr ? AgentRecord() : old->record;
  if (old != nullptr && old->session != nullptr &&
      record.installation_id != hello.installation_id()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the name ", hello.agent_name(),
                     " is taken by another machine that is connected: give this one another name"));
  }
  record.name = hello.agent_name();
  record.installation_id = hello.installation_id();
  record.reported = ReportOf(hello);
  record.last_seen_utc_ns = clock_.UtcNs();
  TJ_RETURN_IF_ERROR(Store(record));
  AgentEntry& entry = agents_[hello.agent_name()];
  AgentSession* replaced = std::exchange(entry.session, &session);
  if (replaced != nullptr) {
    replaced->Close(absl::AbortedError("the agent has connected again"));
  }
  entry.record = std::move(record);
  entry.last_heard_mono_ns = clock_.MonotonicNs();
  entry.last_heartbeat.Clear();
  return &entry;
}

AgentEntry* Fleet::Detach(AgentSession& session) {
  AgentEntry* agent = FindBySession(session);
  if (agent == nullptr) return nullptr;
  agent->session = nullptr;
  agent->record.last_seen_utc_ns = clock_.UtcNs();
  // Only for people: without it, the time of the last Hello stays.
  (void)Store(agent->record);
  return agent;
}

AgentEntry* Fleet::FindBySession(const AgentSession& session) {
  for (auto& [name, agent] : agents_) {
    if (agent.session == &session) return &agent;
  }
  return nullptr;
}

AgentEntry* Fleet::Find(const std::string& name) {
  const auto found = agents_.find(name);
  return found == agents_.end() ? nullptr : &found->second;
}

std::vector<std::string> Fleet::Matching(const v1::SweepSpec& spec, bool available_only) const {
  std::vector<std::string> names;
  for (const auto& [name, agent] : agents_) {
    if (available_only && (agent.session == nullptr || agent.record.cordoned)) continue;
    if (MismatchReason(spec, agent.record).empty()) names.push_back(name);
  }
  return names;
}

v1::Agent Fleet::Describe(const AgentEntry& agent) const {
  v1::Agent description = agent.record.reported;
  for (const auto& [key, value] : agent.record.set_labels) {
    (*description.mutable_labels())[key] = value;
  }
  description.set_connected(agent.session != nullptr);
  description.set_cordoned(agent.record.cordoned);
  *description.mutable_last_seen_at() =
      ToTimestamp(agent.session != nullptr ? clock_.UtcNs() : agent.record.last_seen_utc_ns);
  if (agent.session != nullptr && agent.last_heartbeat.has_clock_offset_ns()) {
    description.set_clock_offset_ns(agent.last_heartbeat.clock_offset_ns());
    description.set_clock_round_trip_ns(agent.last_heartbeat.round_trip_ns());
  }
  return description;
}

absl::StatusOr<AgentEntry*> Fleet::Label(const v1::LabelAgentRequest& request) {
  TJ_ASSIGN_OR_RETURN(AgentEntry * agent, Get(request.agent()));
  AgentRecord record = agent->record;
  for (const auto& [key, value] : request.set()) {
    if (!IsValidName(key) || value.size() > kMaxLabelBytes) {
      return absl::InvalidArgumentError(absl::StrCat("set: \"", key, "\" is not a label"));
    }
    record.set_labels[key] = value;
  }
  for (const std::string& key : request.remove()) {
    if (record.set_labels.erase(key) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("remove: the label \"", key, "\" was not set here"));
    }
  }
  TJ_RETURN_IF_ERROR(Store(record));
  agent->record = std::move(record);
  return agent;
}

absl::StatusOr<AgentEntry*> Fleet::Cordon(const std::string& name, bool cordoned) {
  TJ_ASSIGN_OR_RETURN(AgentEntry * agent, Get(name));
  AgentRecord record = agent->record;
  record.cordoned = cordoned;
  TJ_RETURN_IF_ERROR(Store(record));
  agent->record = std::move(record);
  return agent;
}

absl::Status Fleet::SetSensor(AgentEntry& agent, const v1::SensorDescription& sensor) {
  AgentRecord record = agent.record;
  *record.reported.mutable_sensor() = sensor;
  TJ_RETURN_IF_ERROR(Store(record));
  agent.record = std::move(record);
  return absl::OkStatus();
}

absl::Status Fleet::Remove(const std::string& name) {
  TJ_ASSIGN_OR_RETURN(const AgentEntry* agent, Get(name));
  if (agent->session != nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("agent ", name, " is connected: stop it first"));
  }
  WriteBatch batch;
  batch.removed_agents.push_back(name);
  TJ_RETURN_IF_ERROR(store_.Commit(batch).status());
  agents_.erase(name);
  return absl::OkStatus();
}

absl::StatusOr<AgentEntry*> Fleet::Get(const std::string& name) {
  if (AgentEntry* agent = Find(name)) return agent;
  return absl::NotFoundError(absl::StrCat("no agent ", name));
}

absl::Status Fleet::Store(const AgentRecord& record) {
  WriteBatch batch;
  batch.agents.push_back(record);
  return store_.Commit(batch).status();
}

}  // namespace tinyjoule
