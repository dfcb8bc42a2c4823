// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/ledger_change.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/core/timestamps.h"

namespace tinyjoule {
namespace {

constexpr char kEndNotice[] = "the sweep has ended";

}  // namespace

LedgerChange::LedgerChange(Ledger& ledger, Clock& clock, LedgerObserver& observer)
    : ledger_(ledger), clock_(clock), observer_(observer) {}

LedgerChange::~LedgerChange() {
  if (!committed_) Undo();
}

absl::Status LedgerChange::SetTask(const std::string& task_id, v1::TaskState state,
                                   const std::string& reason,
                                   const std::function<void(TaskRecord&)>& edit) {
  TaskEntry& entry = ledger_.tasks_.at(task_id);
  if (task_records_.count(task_id) == 0) {
    TJ_ASSIGN_OR_RETURN(task_records_[task_id], ledger_.store_.reads().GetTask(task_id));
  }
  TaskRecord& record = task_records_[task_id];
  old_tasks_.emplace(task_id, entry);
  entry.state = record.state = state;
  entry.reason = record.reason = reason;
  if (edit) edit(record);
  for (const std::string& sweep_id : entry.sweeps) {
    if (ledger_.FindSweep(sweep_id) == nullptr) continue;
    v1::TaskUpdate& update = *AddEvent(sweep_id).mutable_task();
    update.set_task_id(task_id);
    update.set_label(entry.label);
    update.set_state(state);
    update.set_reason(reason);
  }
  if (state == v1::TASK_STATE_FAILED || state == v1::TASK_STATE_CANCELLED) {
    return SpreadFailure(task_id, state, reason);
  }
  return absl::OkStatus();
}

absl::Status LedgerChange::SpreadFailure(const std::string& task_id, v1::TaskState state,
                                         const std::string& reason) {
  const TaskEntry& entry = ledger_.tasks_.at(task_id);
  for (const std::string& sweep_id : entry.sweeps) {
    const SweepEntry* sweep = ledger_.FindSweep(sweep_id);
    if (sweep != nullptr) TJ_RETURN_IF_ERROR(EndRunsOf(*sweep, task_id, state, reason));
  }
  // Only base tasks have dependents.
  if (!entry.depends_on.empty()) return absl::OkStatus();
  std::vector<std::string> dependents;
  for (const auto& [id, other] : ledger_.tasks_) {
    if (other.depends_on == task_id && other.state == v1::TASK_STATE_WAITING) {
      dependents.push_back(id);
    }
  }
  for (const std::string& id : dependents) {
    TJ_RETURN_IF_ERROR(SetTask(id, state, absl::StrCat("its base model: ", reason)));
  }
  return absl::OkStatus();
}

absl::Status LedgerChange::EndRunsOf(const SweepEntry& sweep, const std::string& task_id,
                                     v1::TaskState state, const std::string& reason) {
  const auto found = sweep.runs_of_task.find(task_id);
  if (found == sweep.runs_of_task.end()) return absl::OkStatus();
  for (const std::string& run_id : found->second) {
    if (ledger_.runs_.at(run_id).state != v1::RUN_STATE_WAITING) continue;
    TJ_RETURN_IF_ERROR(SetRun(run_id, [&](RunRecord& record) {
      const bool failed = state == v1::TASK_STATE_FAILED;
      record.run.set_state(failed ? v1::RUN_STATE_FAILED : v1::RUN_STATE_CANCELLED);
      record.run.set_reason(absl::StrCat("its model was not made: ", reason));
    }));
  }
  return absl::OkStatus();
}

absl::Status LedgerChange::SetRun(const std::string& run_id,
                                  const std::function<void(RunRecord&)>& edit) {
  RunEntry& entry = ledger_.runs_.at(run_id);
  if (run_records_.count(run_id) == 0) {
    TJ_ASSIGN_OR_RETURN(run_records_[run_id], ledger_.store_.reads().GetRun(run_id));
  }
  RunRecord& record = run_records_[run_id];
  old_runs_.emplace(run_id, entry);
  edit(record);
  ledger_.SetState(entry, record.run.state());
  entry.attempt = record.run.attempt();
  entry.attempt_limit = record.attempt_limit;
  v1::RunUpdate& update = *AddEvent(entry.sweep_id).mutable_run();
  update.set_run_id(run_id);
  update.set_label(RunLabel(record.run));
  update.set_agent(record.run.agent().name().empty() ? record.run.placed_on()
                                                     : record.run.agent().name());
  update.set_state(record.run.state());
  update.set_reason(record.run.reason());
  return absl::OkStatus();
}

void LedgerChange::SetCancelling(SweepEntry& sweep, bool cancelling) {
  old_sweeps_.emplace(sweep.record.sweep_id, sweep.record);
  sweep.record.cancelling = cancelling;
  touched_.insert(sweep.record.sweep_id);
}

void LedgerChange::Notice(const std::string& sweep_id, const std::string& words) {
  AddEvent(sweep_id).set_notice(words);
}

v1::WatchSweepResponse& LedgerChange::AddEvent(const std::string& sweep_id) {
  touched_.insert(sweep_id);
  EventRecord& record = batch_.events.emplace_back();
  record.sweep_id = sweep_id;
  *record.event.mutable_time() = ToTimestamp(clock_.UtcNs());
  return record.event;
}

void LedgerChange::ConcludeSweeps() {
  for (const std::string& sweep_id : touched_) {
    SweepEntry* sweep = ledger_.FindSweep(sweep_id);
    if (sweep == nullptr) continue;
    const v1::SweepState state = ledger_.Conclude(*sweep);
    if (state != sweep->record.state) {
      old_sweeps_.emplace(sweep_id, sweep->record);
      sweep->record.state = state;
      sweep->record.finished_utc_ns = IsTerminal(state) ? clock_.UtcNs() : 0;
      AddEvent(sweep_id).set_notice(IsTerminal(state) ? kEndNotice : "the sweep goes on");
    }
    if (old_sweeps_.count(sweep_id) != 0) batch_.sweeps.push_back(sweep->record);
  }
}

void LedgerChange::FillEvents() {
  std::map<std::string, v1::SweepCounts> counts;
  for (const std::string& sweep_id : touched_) {
    const SweepEntry* sweep = ledger_.FindSweep(sweep_id);
    if (sweep != nullptr) counts[sweep_id] = ledger_.Count(*sweep);
  }
  for (EventRecord& record : batch_.events) {
    const SweepEntry* sweep = ledger_.FindSweep(record.sweep_id);
    if (sweep == nullptr) continue;
    *record.event.mutable_counts() = counts[record.sweep_id];
    // Only the closing notice carries the final state: a watcher stops there.
    const bool closes = record.event.notice() == kEndNotice;
    record.event.set_state(IsTerminal(sweep->record.state) && !closes ? v1::SWEEP_STATE_RUNNING
                                                                      : sweep->record.state);
  }
}

absl::Status LedgerChange::Commit() {
  ConcludeSweeps();
  FillEvents();
  for (auto& [id, record] : task_records_) batch_.tasks.push_back(std::move(record));
  for (auto& [id, record] : run_records_) batch_.runs.push_back(std::move(record));
  const auto report = ledger_.store_.Commit(batch_);
  if (!report.ok()) return report.status();
  committed_ = true;
  for (const std::string& sweep_id : touched_) {
    const SweepEntry* sweep = ledger_.FindSweep(sweep_id);
    if (sweep != nullptr && IsTerminal(sweep->record.state)) ledger_.Drop(sweep_id);
    observer_.OnSweepChanged(sweep_id);
  }
  return absl::OkStatus();
}

void LedgerChange::Undo() {
  for (auto& [id, entry] : old_tasks_) ledger_.tasks_[id] = std::move(entry);
  for (auto& [id, entry] : old_runs_) {
    RunEntry& run = ledger_.runs_.at(id);
    ledger_.SetState(run, entry.state);
    run = entry;
  }
  for (auto& [id, record] : old_sweeps_) {
    if (SweepEntry* sweep = ledger_.FindSweep(id)) sweep->record = record;
  }
}

}  // namespace tinyjoule
