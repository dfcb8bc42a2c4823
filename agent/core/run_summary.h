// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_RUN_SUMMARY_H_
#define AGENT_CORE_RUN_SUMMARY_H_

#include <cstdint>
#include <string>

#include "agent/core/sample_recorder.h"
#include "google/protobuf/timestamp.pb.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// Adds what the samples say to a result whose windows are marked and whose sampler report, if there
// is one, is set: sensor, counts, the agent's own
// energy of each inference window, the flags that samples raise, and why there is no energy when
// there is none.
void AddEnergies(const SampleRecorder& recorder, v1::RunResult* result);

// THROTTLED and UNDERVOLT from the firmware's bits 0 to 3.
void AddBoardFlags(uint32_t events, v1::RunResult* result);

// A flag of the catalog; of one that the result has already, the new detail.
void AddFlag(const std::string& name, const std::string& detail, v1::RunResult* result);

google::protobuf::Timestamp ToTimestamp(int64_t utc_ns);

}  // namespace tinyjoule

#endif  // AGENT_CORE_RUN_SUMMARY_H_
