// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/training_queue.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

void AddReferences(const std::string& task_id, const v1::TrainingOutcome& outcome,
                   LedgerChange& change) {
  const auto add = [&](const v1::ArtifactFile& file, const char* role) {
    if (file.sha256().empty()) return;
    change.PutReference({file.sha256(), task_id, role, file.size_bytes()});
  };
  add(outcome.model(), "model");
  add(outcome.test_inputs(), "test_inputs");
  add(outcome.test_targets(), "test_targets");
  add(outcome.predictions(), "predictions");
  add(outcome.checkpoint(), "checkpoint");
}

// What the tasks that depend on it start from.
const v1::ArtifactFile& CheckpointOf(const v1::TrainingOutcome& outcome) {
  return outcome.has_checkpoint() ? outcome.checkpoint() : outcome.model();
}

// What making the model took, most of which its twin did.
void AddWorkOf(const v1::TrainingOutcome& twin, v1::TrainingOutcome& outcome) {
  *outcome.mutable_calibration() = twin.calibration();
  *outcome.mutable_history() = twin.history();
  *outcome.mutable_environment() = twin.environment();
  outcome.set_compress_s(twin.compress_s());
  v1::TrainingCost& cost = *outcome.mutable_cost();
  cost.set_training_s(twin.cost().training_s());
  cost.clear_training_energy_wh();
  if (twin.cost().has_training_energy_wh()) {
    cost.set_training_energy_wh(twin.cost().training_energy_wh());
  }
}

}  // namespace

std::string MissingArtifact(const v1::TrainingOutcome& outcome, ArtifactStore& artifacts) {
  for (const v1::ArtifactFile* file :
       {&outcome.model(), &outcome.test_inputs(), &outcome.test_targets(), &outcome.predictions(),
        &CheckpointOf(outcome)}) {
    if (!artifacts.Has(file->sha256())) return absl::StrCat(file->file_name(), " ", file->sha256());
  }
  return "";
}

TrainingQueue::TrainingQueue(Ledger& ledger, Clock& clock, WatchHub& hub, ArtifactStore& artifacts,
                             TrainingExecutor& executor, std::function<void()> on_change)
    : ledger_(ledger),
      clock_(clock),
      hub_(hub),
      artifacts_(artifacts),
      executor_(executor),
      on_change_(std::move(on_change)) {
  executor_.SetListener(this);
}

void TrainingQueue::SubmitReady() {
  if (stopped_ || !std::exchange(dirty_, false)) return;
  std::vector<std::string> ready;
  const auto consider = [&](const std::string& task_id) {
    const TaskEntry& task = *ledger_.FindTask(task_id);
    if (task.state != v1::TASK_STATE_WAITING) return;
    const TaskEntry* base = ledger_.FindTask(task.depends_on);
    if (base != nullptr && base->state != v1::TASK_STATE_SUCCEEDED) return;
    const TaskEntry* twin = ledger_.FindTask(task.twin);
    if (twin != nullptr && !IsTerminal(twin->state)) return;
    if (submitted_.insert(task_id).second) ready.push_back(task_id);
  };
  for (const SweepEntry* sweep : ledger_.SweepsInOrder()) {
    for (const std::string& task_id : sweep->trial_tasks) {
      const std::string& base = ledger_.FindTask(task_id)->depends_on;
      if (!base.empty()) consider(base);
      consider(task_id);
    }
  }
  for (const std::string& task_id : ready) {
    if (const TaskEntry* task = ledger_.FindTask(task_id)) Submit(*task);
  }
}

void TrainingQueue::Submit(const TaskEntry& entry) {
  RunReader& reader = ledger_.store().reads();
  auto record = reader.GetTask(entry.task_id);
  if (!record.ok()) return Fail(entry.task_id, record.status().ToString());
  v1::TrainingTask task = std::move(record->task);
  for (v1::InputFile& input : *task.mutable_inputs()) {
    if (!artifacts_.Has(input.sha256())) {
      return Fail(entry.task_id, absl::StrCat("the file ", input.name(), " (", input.sha256(),
                                              ") is not in the artifact store"));
    }
    input.set_local_path(artifacts_.PathOf(input.sha256()));
  }
  if (const std::optional<TaskRecord> twin = FinishedTwin(entry)) {
    task.set_checkpoint_path(artifacts_.PathOf(twin->outcome.model().sha256()));
    from_twin_.insert(entry.task_id);
  } else if (!entry.depends_on.empty()) {
    const auto base = reader.GetTask(entry.depends_on);
    if (!base.ok()) return Fail(entry.task_id, base.status().ToString());
    const std::string& checkpoint = CheckpointOf(base->outcome).sha256();
    if (const absl::Status intact = artifacts_.Verify(checkpoint); !intact.ok()) {
      return Fail(entry.task_id, std::string(intact.message()));
    }
    task.set_checkpoint_path(artifacts_.PathOf(checkpoint));
  }
  executor_.Submit(task);
}

std::optional<TaskRecord> TrainingQueue::FinishedTwin(const TaskEntry& entry) {
  if (entry.twin.empty()) return std::nullopt;
  absl::StatusOr<TaskRecord> twin = ledger_.store().reads().GetTask(entry.twin);
  const bool usable = twin.ok() && twin->state == v1::TASK_STATE_SUCCEEDED &&
                      artifacts_.Verify(twin->outcome.model().sha256()).ok();
  if (!usable) return std::nullopt;
  return *std::move(twin);
}

void TrainingQueue::Fail(const std::string& task_id, const std::string& reason) {
  OnDone(task_id, absl::FailedPreconditionError(reason), "");
}

absl::Status TrainingQueue::Cancel(const SweepEntry& sweep, LedgerChange& change) {
  for (const std::string& task_id : sweep.tasks) {
    const TaskEntry& task = *ledger_.FindTask(task_id);
    if (IsTerminal(task.state) || task.sweeps.size() > 1) continue;
    TJ_RETURN_IF_ERROR(
        change.SetTask(task_id, v1::TASK_STATE_CANCELLED, "the sweep was cancelled"));
  }
  return absl::OkStatus();
}

void TrainingQueue::StopCancelled() {
  const std::set<std::string> submitted = submitted_;
  for (const std::string& task_id : submitted) {
    const TaskEntry* task = ledger_.FindTask(task_id);
    if (task == nullptr || task->state == v1::TASK_STATE_CANCELLED) executor_.Cancel(task_id);
  }
}

absl::Status TrainingQueue::QueueAgain(LedgerChange& change) {
  std::vector<std::string> running;
  for (const auto& [id, task] : ledger_.tasks()) {
    if (task.state == v1::TASK_STATE_RUNNING) running.push_back(id);
  }
  for (const std::string& id : running) {
    TJ_RETURN_IF_ERROR(
        change.SetTask(id, v1::TASK_STATE_WAITING, "queued again: the coordinator was restarted"));
  }
  return absl::OkStatus();
}

void TrainingQueue::OnStarted(const std::string& task_id) {
  const TaskEntry* task = ledger_.FindTask(task_id);
  if (task == nullptr || task->state != v1::TASK_STATE_WAITING) return;
  LedgerChange change(ledger_, clock_, hub_);
  absl::Status status = change.SetTask(task_id, v1::TASK_STATE_RUNNING, "");
  if (status.ok()) status = change.Commit();
  // Nothing is lost by it: the task is WAITING on record until it ends.
  if (!status.ok()) spdlog::warn("start of task {} not recorded: {}", task_id, status.ToString());
}

void TrainingQueue::OnProgress(const std::string& task_id, const v1::TrainingProgress& progress) {
  if (const TaskEntry* task = ledger_.FindTask(task_id)) hub_.OnTaskProgress(*task, progress);
}

void TrainingQueue::OnDone(const std::string& task_id, absl::StatusOr<v1::TrainingOutcome> outcome,
                           const std::string& log_path) {
  const TaskEntry* task = ledger_.FindTask(task_id);
  if (task != nullptr && !IsTerminal(task->state) &&
      !(absl::IsCancelled(outcome.status()) && task->state == v1::TASK_STATE_WAITING)) {
    const absl::Status status = WriteDown(task_id, outcome, log_path);
    if (!status.ok()) {
      spdlog::error("outcome of task {} not stored: {}", task_id, status.ToString());
      // Still with us, so that it is not done a second time.
      unstored_.insert_or_assign(task_id, std::make_pair(std::move(outcome), log_path));
      return;
    }
  }
  submitted_.erase(task_id);
  from_twin_.erase(task_id);
  dirty_ = true;
  on_change_();
}

void TrainingQueue::RetryUnstored() {
  auto unstored = std::exchange(unstored_, {});
  for (auto& [task_id, outcome_and_log] : unstored) {
    OnDone(task_id, std::move(outcome_and_log.first), outcome_and_log.second);
  }
}

absl::Status TrainingQueue::WriteDown(const std::string& task_id,
                                      const absl::StatusOr<v1::TrainingOutcome>& outcome,
                                      const std::string& log_path) {
  LedgerChange change(ledger_, clock_, hub_);
  std::string reason = outcome.ok() ? "" : std::string(outcome.status().message());
  if (outcome.ok()) {
    const std::string missing = MissingArtifact(*outcome, artifacts_);
    if (!missing.empty()) reason = absl::StrCat("its artifact is missing: ", missing);
  }
  const bool good = reason.empty() && outcome.ok();
  const TaskEntry* task = ledger_.FindTask(task_id);
  double base_train_s = 0;
  if (good && task != nullptr && !task->depends_on.empty()) {
    TJ_ASSIGN_OR_RETURN(const TaskRecord base, ledger_.store().reads().GetTask(task->depends_on));
    base_train_s = base.outcome.train_s();
  }
  std::optional<TaskRecord> twin;
  if (good && task != nullptr && from_twin_.count(task_id) != 0) twin = FinishedTwin(*task);
  TJ_RETURN_IF_ERROR(change.SetTask(task_id,
                                    good ? v1::TASK_STATE_SUCCEEDED : v1::TASK_STATE_FAILED, reason,
                                    [&](TaskRecord& record) {
                                      if (good) record.outcome = *outcome;
                                      if (twin) AddWorkOf(twin->outcome, record.outcome);
                                      // Its trainer was given the base's file alone.
                                      if (base_train_s > 0)
                                        record.outcome.set_train_s(base_train_s);
                                      record.log_path = log_path;
                                    }));
  if (good) AddReferences(task_id, *outcome, change);
  return change.Commit();
}

}  // namespace tinyjoule
