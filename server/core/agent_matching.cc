// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/agent_matching.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace tinyjoule {
namespace {

bool HasRealSensor(const v1::SensorDescription& sensor) {
  return !sensor.kind().empty() && sensor.kind() != "none" && !sensor.simulated();
}

bool HasEngine(const AgentRecord& agent, v1::Engine engine) {
  const auto& engines = agent.reported.engines();
  return std::find(engines.begin(), engines.end(), EngineWord(engine)) != engines.end();
}

}  // namespace

std::map<std::string, std::string> LabelsOf(const AgentRecord& agent) {
  const v1::AgentFacts& facts = agent.reported.facts();
  std::map<std::string, std::string> labels = {{"name", agent.name},
                                               {"board", facts.board()},
                                               {"soc", facts.soc()},
                                               {"os", facts.os()},
                                               {"kernel", facts.kernel()}};
  for (const auto& [key, value] : agent.reported.labels()) labels[key] = value;
  for (const auto& [key, value] : agent.set_labels) labels[key] = value;
  return labels;
}

std::string EngineWord(v1::Engine engine) {
  const std::string& name = v1::Engine_Name(engine);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "ENGINE_"));
}

std::string MismatchReason(const v1::SweepSpec& spec, const AgentRecord& agent) {
  const auto labels = LabelsOf(agent);
  for (const auto& [key, value] : spec.agents().select()) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) {
      return absl::StrCat(agent.name, " has not the label ", key, ": ", value);
    }
  }
  for (const int engine : spec.measure().engine()) {
    if (!HasEngine(agent, static_cast<v1::Engine>(engine))) {
      return absl::StrCat(agent.name, " has no engine ",
                          EngineWord(static_cast<v1::Engine>(engine)));
    }
  }
  if (spec.power().required() && !HasRealSensor(agent.reported.sensor())) {
    return absl::StrCat(agent.name, " has no real power sensor");
  }
  return "";
}

std::string DescribeSelection(const v1::SweepSpec& spec) {
  const auto& select = spec.agents().select();
  const std::map<std::string, std::string> sorted(select.begin(), select.end());
  return absl::StrCat("{", absl::StrJoin(sorted, ", ", absl::PairFormatter(": ")), "}");
}

}  // namespace tinyjoule
