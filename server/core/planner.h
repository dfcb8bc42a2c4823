// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_PLANNER_H_
#define SERVER_CORE_PLANNER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/run_records.h"

namespace tinyjoule {

// The work of a sweep: trials, and the graph of training tasks that yields them.
struct Plan {
  // Each once; a base task stands before the tasks that depend on it.
  std::vector<TaskRecord> tasks;
  // In the order of the sweep's expansion.
  std::vector<TrialRecord> trials;
};

// Base training once per data set, model, fold and seed; a compression task for every trial with
// compress steps, which starts from the base's checkpoint; a trial without steps is the base's own
// outcome. Equal work has an equal task id. InvalidArgument as ExpandSweep.
absl::StatusOr<Plan> PlanSweep(const SweepRecord& sweep);

// The task that makes the same int8 model with float32 ends, where `task` makes it with int8 ends:
// calibration and training are the same, and the one can start from the other's model. Empty: there
// is none such.
std::string TwinWithFloatEnds(const v1::TrainingTask& task);

// The files that the sweep names and `inputs` does not hold, as messages; empty when all are there.
std::vector<std::string> UnsentFiles(const v1::SweepSpec& spec,
                                     const std::vector<v1::InputFile>& inputs);

}  // namespace tinyjoule

#endif  // SERVER_CORE_PLANNER_H_
