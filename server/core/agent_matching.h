// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_AGENT_MATCHING_H_
#define SERVER_CORE_AGENT_MATCHING_H_

#include <map>
#include <string>

#include "server/core/run_records.h"

namespace tinyjoule {

// Everything that a sweep may select an agent by: name, board, soc, os and kernel, then what the
// agent reports, then what LabelAgent set; later ones win.
std::map<std::string, std::string> LabelsOf(const AgentRecord& agent);

// The word of an engine in a sweep file and in Hello, such as "xnnpack".
std::string EngineWord(v1::Engine engine);

// Why the agent cannot make runs of this sweep; empty when it can. Whether it is connected or
// cordoned plays no part.
std::string MismatchReason(const v1::SweepSpec& spec, const AgentRecord& agent);

// "{board: rpi4}" for messages.
std::string DescribeSelection(const v1::SweepSpec& spec);

}  // namespace tinyjoule

#endif  // SERVER_CORE_AGENT_MATCHING_H_
