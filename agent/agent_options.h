// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_AGENT_OPTIONS_H_
#define AGENT_AGENT_OPTIONS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/net/channel.h"

namespace tinyjoule {

struct AgentOptions {
  std::string coordinator;
  std::string name;
  std::string state_dir;
  std::string sensor = "none:";
  std::map<std::string, std::string> labels;
  // "gpio:LABEL/LINE", or empty.
  std::string marker;
  // A processor's number, "last" or "none".
  std::string sampler_cpu = "last";
  // CPUs of the runner; empty: all but the sampler's.
  std::vector<int> runner_cpus;
  std::string runner;
  ChannelOptions channel;
  std::string log_format = "text";
  std::string log_level = "info";
  bool check = false;
};

// Reads flags, environment and file. A number: exit with it (what is wrong has been said).
std::optional<int> ParseAgentOptions(int argc, const char* const* argv, AgentOptions* options);

}  // namespace tinyjoule

#endif  // AGENT_AGENT_OPTIONS_H_
