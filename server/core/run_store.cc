// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/run_store.h"

#include <utility>

#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kPage = 256;

v1::TrialState TrialStateOf(v1::TaskState state) {
  switch (state) {
    case v1::TASK_STATE_RUNNING:
      return v1::TRIAL_STATE_TRAINING;
    case v1::TASK_STATE_SUCCEEDED:
      return v1::TRIAL_STATE_READY;
    case v1::TASK_STATE_FAILED:
      return v1::TRIAL_STATE_FAILED;
    case v1::TASK_STATE_CANCELLED:
      return v1::TRIAL_STATE_CANCELLED;
    default:
      return v1::TRIAL_STATE_WAITING;
  }
}

}  // namespace

absl::StatusOr<v1::Run> CompleteRun(RunReader& reader, RunRecord record) {
  TJ_ASSIGN_OR_RETURN(TaskRecord task, reader.GetTask(record.task_id));
  if (task.state == v1::TASK_STATE_SUCCEEDED) {
    *record.run.mutable_outcome() = std::move(task.outcome);
  }
  return std::move(record.run);
}

absl::StatusOr<v1::Run> LoadRun(RunReader& reader, const std::string& run_id) {
  TJ_ASSIGN_OR_RETURN(RunRecord record, reader.GetRun(run_id));
  return CompleteRun(reader, std::move(record));
}

absl::Status VisitRuns(RunReader& reader, const std::string& sweep_id,
                       const std::function<absl::Status(const v1::Run&)>& visit) {
  uint32_t first = 0;
  while (true) {
    TJ_ASSIGN_OR_RETURN(auto page, reader.ListRuns(sweep_id, first, kPage));
    if (page.empty()) return absl::OkStatus();
    first = page.back().position + 1;
    for (RunRecord& record : page) {
      TJ_ASSIGN_OR_RETURN(const v1::Run run, CompleteRun(reader, std::move(record)));
      TJ_RETURN_IF_ERROR(visit(run));
    }
  }
}

absl::StatusOr<v1::TrialSummary> CompleteTrial(RunReader& reader, const SweepRecord& sweep,
                                               const TrialRecord& trial) {
  TJ_ASSIGN_OR_RETURN(const TaskRecord task, reader.GetTask(trial.task_id));
  v1::TrialSummary summary = trial.summary;
  summary.set_state(TrialStateOf(task.state));
  summary.set_reason(task.reason);
  const bool ended =
      summary.state() == v1::TRIAL_STATE_READY || summary.state() == v1::TRIAL_STATE_FAILED;
  // The task may go on for another sweep.
  if (sweep.cancelling && !ended) summary.set_state(v1::TRIAL_STATE_CANCELLED);
  if (task.state == v1::TASK_STATE_SUCCEEDED) *summary.mutable_outcome() = task.outcome;
  return summary;
}

absl::Status VisitTrials(RunReader& reader, const std::string& sweep_id,
                         const std::function<absl::Status(const v1::TrialSummary&)>& visit) {
  TJ_ASSIGN_OR_RETURN(const SweepRecord sweep, reader.GetSweep(sweep_id));
  for (uint32_t first = 0;; first += kPage) {
    TJ_ASSIGN_OR_RETURN(const auto page, reader.ListTrials(sweep_id, first, kPage));
    if (page.empty()) return absl::OkStatus();
    for (const TrialRecord& trial : page) {
      TJ_ASSIGN_OR_RETURN(const v1::TrialSummary summary, CompleteTrial(reader, sweep, trial));
      TJ_RETURN_IF_ERROR(visit(summary));
    }
  }
}

}  // namespace tinyjoule
