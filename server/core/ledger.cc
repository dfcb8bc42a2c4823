// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/config/parameter_path.h"
#include "server/core/planner.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kPageSize = 1000;

void CountTask(v1::TaskState state, v1::SweepCounts& counts) {
  counts.set_tasks(counts.tasks() + 1);
  if (state == v1::TASK_STATE_SUCCEEDED) counts.set_tasks_done(counts.tasks_done() + 1);
  if (state == v1::TASK_STATE_FAILED) counts.set_tasks_failed(counts.tasks_failed() + 1);
}

void CountRun(v1::RunState state, v1::SweepCounts& counts) {
  counts.set_runs(counts.runs() + 1);
  switch (state) {
    case v1::RUN_STATE_SUCCEEDED:
      return counts.set_runs_succeeded(counts.runs_succeeded() + 1);
    case v1::RUN_STATE_FAILED:
    case v1::RUN_STATE_LOST:
      return counts.set_runs_failed(counts.runs_failed() + 1);
    case v1::RUN_STATE_INVALID:
      return counts.set_runs_invalid(counts.runs_invalid() + 1);
    case v1::RUN_STATE_CANCELLED:
      return counts.set_runs_cancelled(counts.runs_cancelled() + 1);
    case v1::RUN_STATE_OFFERED:
    case v1::RUN_STATE_RUNNING:
      return counts.set_runs_active(counts.runs_active() + 1);
    default:
      return;
  }
}

}  // namespace

bool IsTerminal(v1::TaskState state) {
  return state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_FAILED ||
         state == v1::TASK_STATE_CANCELLED;
}

bool IsTerminal(v1::RunState state) {
  return state != v1::RUN_STATE_UNSPECIFIED && state != v1::RUN_STATE_WAITING && !IsActive(state);
}

bool IsTerminal(v1::SweepState state) { return state != v1::SWEEP_STATE_RUNNING; }

std::string TrialLabel(const std::string& model, const std::string& variant,
                       const std::map<std::string, std::string>& parameters) {
  return absl::StrCat(model, " / ", variant, parameters.empty() ? "" : " ",
                      ParametersText(parameters));
}

std::string RunLabel(const v1::Run& run) {
  return absl::StrCat(
      TrialLabel(run.model(), run.variant(), {run.parameters().begin(), run.parameters().end()}),
      " / fold ", run.fold(), " / seed ", run.seed(), " / repeat ", run.repeat());
}

absl::Status Ledger::LoadActiveSweeps() {
  TJ_ASSIGN_OR_RETURN(const auto sweeps, store_.reads().ListSweeps());
  for (const SweepRecord& sweep : sweeps) {
    if (!IsTerminal(sweep.state)) TJ_RETURN_IF_ERROR(LoadSweep(sweep.sweep_id));
  }
  return absl::OkStatus();
}

absl::Status Ledger::LoadSweep(const std::string& sweep_id) {
  RunReader& reader = store_.reads();
  TJ_ASSIGN_OR_RETURN(SweepRecord record, reader.GetSweep(sweep_id));
  TJ_ASSIGN_OR_RETURN(const auto tasks, reader.ListTasks(sweep_id));
  TJ_ASSIGN_OR_RETURN(const auto trials, reader.ListTrials(sweep_id, 0, UINT32_MAX));
  SweepEntry sweep;
  sweep.record = std::move(record);
  for (const TrialRecord& trial : trials) sweep.trial_tasks.push_back(trial.task_id);
  for (const TaskRecord& task : tasks) {
    sweep.tasks.insert(task.task_id);
    TaskEntry& entry = tasks_[task.task_id];
    entry.task_id = task.task_id;
    entry.depends_on = task.depends_on;
    entry.twin = TwinWithFloatEnds(task.task);
    entry.label = task.label;
    entry.state = task.state;
    entry.reason = task.reason;
    entry.sweeps.insert(sweep_id);
  }
  uint32_t first = 0;
  while (true) {
    TJ_ASSIGN_OR_RETURN(const auto page, reader.ListRuns(sweep_id, first, kPageSize));
    if (page.empty()) break;
    for (const RunRecord& run : page) AddRun(sweep, run);
    first = page.back().position + 1;
  }
  sweeps_[sweep_id] = std::move(sweep);
  return absl::OkStatus();
}

void Ledger::AddRun(SweepEntry& sweep, const RunRecord& record) {
  const v1::Run& run = record.run;
  RunEntry& entry = runs_[run.run_id()];
  entry = {run.run_id(),    run.sweep_id(), record.task_id, run.placed_on(),
           record.position, run.state(),    run.attempt(),  record.attempt_limit};
  sweep.runs.push_back(run.run_id());
  sweep.runs_of_task[record.task_id].push_back(run.run_id());
  if (run.state() == v1::RUN_STATE_WAITING) {
    sweep.waiting[run.placed_on()].insert({record.position, run.run_id()});
  }
}

void Ledger::SetState(RunEntry& run, v1::RunState state) {
  auto& waiting = sweeps_.at(run.sweep_id).waiting[run.placed_on];
  if (state == v1::RUN_STATE_WAITING) {
    waiting.insert({run.position, run.run_id});
  } else {
    waiting.erase({run.position, run.run_id});
  }
  run.state = state;
}

void Ledger::Drop(const std::string& sweep_id) {
  const auto found = sweeps_.find(sweep_id);
  if (found == sweeps_.end()) return;
  for (const std::string& run_id : found->second.runs) runs_.erase(run_id);
  for (const std::string& task_id : found->second.tasks) {
    const auto task = tasks_.find(task_id);
    if (task == tasks_.end()) continue;
    task->second.sweeps.erase(sweep_id);
    if (task->second.sweeps.empty() && IsTerminal(task->second.state)) tasks_.erase(task);
  }
  sweeps_.erase(found);
}

SweepEntry* Ledger::FindSweep(const std::string& sweep_id) {
  const auto found = sweeps_.find(sweep_id);
  return found == sweeps_.end() ? nullptr : &found->second;
}

TaskEntry* Ledger::FindTask(const std::string& task_id) {
  const auto found = tasks_.find(task_id);
  return found == tasks_.end() ? nullptr : &found->second;
}

RunEntry* Ledger::FindRun(const std::string& run_id) {
  const auto found = runs_.find(run_id);
  return found == runs_.end() ? nullptr : &found->second;
}

std::vector<SweepEntry*> Ledger::SweepsInOrder() {
  std::vector<SweepEntry*> sweeps;
  for (auto& [id, sweep] : sweeps_) sweeps.push_back(&sweep);
  std::sort(sweeps.begin(), sweeps.end(), [](const SweepEntry* a, const SweepEntry* b) {
    return a->record.order < b->record.order;
  });
  return sweeps;
}

v1::SweepCounts Ledger::Count(const SweepEntry& sweep) const {
  v1::SweepCounts counts;
  for (const std::string& id : sweep.tasks) CountTask(tasks_.at(id).state, counts);
  counts.set_trials(static_cast<uint32_t>(sweep.trial_tasks.size()));
  for (const std::string& id : sweep.trial_tasks) {
    if (tasks_.at(id).state != v1::TASK_STATE_SUCCEEDED) continue;
    counts.set_trials_ready(counts.trials_ready() + 1);
  }
  for (const std::string& id : sweep.runs) CountRun(runs_.at(id).state, counts);
  return counts;
}

bool Ledger::IsTrained(const SweepEntry& sweep) const {
  return std::all_of(sweep.tasks.begin(), sweep.tasks.end(),
                     [this](const std::string& id) { return IsTerminal(tasks_.at(id).state); });
}

v1::SweepState Ledger::Conclude(const SweepEntry& sweep) const {
  const v1::SweepCounts counts = Count(sweep);
  const uint32_t ended = counts.runs_succeeded() + counts.runs_failed() + counts.runs_invalid() +
                         counts.runs_cancelled();
  if (ended < counts.runs()) return v1::SWEEP_STATE_RUNNING;
  if (sweep.record.cancelling) return v1::SWEEP_STATE_CANCELLED;
  if (!IsTrained(sweep)) return v1::SWEEP_STATE_RUNNING;
  // Trained, with something to measure, and no agent has come yet.
  if (counts.runs() == 0 && counts.trials_ready() > 0) return v1::SWEEP_STATE_RUNNING;
  const bool whole =
      counts.runs_succeeded() == counts.runs() && counts.trials_ready() == counts.trials();
  return whole ? v1::SWEEP_STATE_SUCCEEDED : v1::SWEEP_STATE_FAILED;
}

absl::StatusOr<v1::SweepCounts> CountFromStore(RunReader& reader, const std::string& sweep_id) {
  v1::SweepCounts counts;
  std::map<std::string, v1::TaskState> states;
  TJ_ASSIGN_OR_RETURN(const auto tasks, reader.ListTasks(sweep_id));
  for (const TaskRecord& task : tasks) {
    CountTask(task.state, counts);
    states[task.task_id] = task.state;
  }
  TJ_ASSIGN_OR_RETURN(const auto trials, reader.ListTrials(sweep_id, 0, UINT32_MAX));
  counts.set_trials(static_cast<uint32_t>(trials.size()));
  for (const TrialRecord& trial : trials) {
    if (states[trial.task_id] != v1::TASK_STATE_SUCCEEDED) continue;
    counts.set_trials_ready(counts.trials_ready() + 1);
  }
  uint32_t first = 0;
  while (true) {
    TJ_ASSIGN_OR_RETURN(const auto page, reader.ListRuns(sweep_id, first, kPageSize));
    if (page.empty()) return counts;
    for (const RunRecord& run : page) CountRun(run.run.state(), counts);
    first = page.back().position + 1;
  }
}

}  // namespace tinyjoule
