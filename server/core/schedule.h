// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_SCHEDULE_H_
#define SERVER_CORE_SCHEDULE_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "server/core/run_records.h"

namespace tinyjoule {

// The runs of a sweep in their order of execution (position 0, 1, ...).
//   placement each: every trial on every engine, `repeat` times, on every agent of `agents`;
//   placement any: the same once, on whichever agent is free; and, when there are several blocks,
//     the reference trial once a block on every agent of `agents`, which is how DRIFT is seen.
//   order blocked: randomised complete blocks. Block b holds repeat b of every run, shuffled, and
//     comes before block b + 1, so that slow changes of the room meet every variant alike;
//   order shuffled: one block of everything, shuffled; order listed: as the sweep lists it.
// The shuffle depends on the sweep's seed and the block alone, so the order can be reproduced. A
// run's id depends on what it is, not on its place: planning again with one more agent keeps the
// ids of the others.
std::vector<RunRecord> BuildSchedule(const SweepRecord& sweep,
                                     const std::vector<TrialRecord>& trials,
                                     const std::vector<std::string>& agents,
                                     uint32_t attempt_limit);

// The trial that every block has on every agent: measure.reference, by default the first model's
// float32, else its first variant; always on the first engine. Null: none of `trials`, or "none".
const TrialRecord* ReferenceTrial(const v1::SweepSpec& spec, absl::Span<const TrialRecord> trials);
v1::Engine ReferenceEngine(const v1::SweepSpec& spec);
uint32_t RepeatsOf(const v1::SweepSpec& spec);

// `place`: the agent, or empty for whichever is free.
std::string RunIdOf(const std::string& trial_id, v1::Engine engine, uint32_t repeat,
                    const std::string& place);

// Hours of measuring, one agent's runs one after another, training not counted.
double EstimateHours(const v1::SweepSpec& spec, size_t run_count, size_t agent_count);

}  // namespace tinyjoule

#endif  // SERVER_CORE_SCHEDULE_H_
