// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_PREFLIGHT_H_
#define AGENT_CORE_PREFLIGHT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/board_state.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// What is known before a runner starts.
struct PreflightEvidence {
  BoardReading board;
  // The board may be this warm at the start.
  double max_temp_c = 0;
  // Absent: this attempt is measured without energy.
  std::optional<v1::SensorDescription> sensor;
  v1::SamplerReport sampler;
  // The sensor gave samples when it was asked.
  bool sensor_answers = false;
  uint64_t spool_room_bytes = UINT64_MAX;
  uint64_t spool_needed_bytes = 0;
};

// Above it a Raspberry Pi is ten degrees from slowing down.
inline constexpr double kDefaultMaxStartTempC = 70;

// What should be put right before a run, each item with how; empty: all is well. What the board
// does not tell is no failure. A simulated sensor needs neither a configuration nor real-time
// priority.
std::vector<std::string> PreflightFailures(const PreflightEvidence& evidence);

// Bytes that the samples of a job take in the spool, at the most.
uint64_t SpoolBytesNeeded(const v1::JobSpec& job, int64_t cycle_ns);

}  // namespace tinyjoule

#endif  // AGENT_CORE_PREFLIGHT_H_
