// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_TRAINING_QUEUE_H_
#define SERVER_CORE_TRAINING_QUEUE_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "server/core/artifact_store.h"
#include "server/core/ledger_change.h"
#include "server/core/training_executor.h"
#include "server/core/watch_hub.h"

namespace tinyjoule {

// Gives the executor every task of the ledger whose base model is there, in the order of sweeps and
// trials, and writes down what becomes of it. A model with int8 ends is made from its twin with
// float32 ends where there is one, so that nothing is calibrated twice. Core sequence.
class TrainingQueue final : public TrainingListener {
 public:
  // `on_change` is called when a task has ended: runs may have become possible.
  TrainingQueue(Ledger& ledger, Clock& clock, WatchHub& hub, ArtifactStore& artifacts,
                TrainingExecutor& executor, std::function<void()> on_change);
  TrainingQueue(const TrainingQueue&) = delete;
  TrainingQueue& operator=(const TrainingQueue&) = delete;

  // Submits what has become ready. Cheap when MarkDirty was not called since.
  void SubmitReady();
  void MarkDirty() { dirty_ = true; }
  // Ends the tasks of the sweep that no other active sweep needs, as part of `change`; after its
  // commit, StopCancelled tells the executor.
  [[nodiscard]] absl::Status Cancel(const SweepEntry& sweep, LedgerChange& change);
  void StopCancelled();
  // After a restart nothing of what ran is running: queued again, as part of `change`.
  [[nodiscard]] absl::Status QueueAgain(LedgerChange& change);
  // Again, outcomes that the store did not take.
  void RetryUnstored();
  void Stop() { stopped_ = true; }

  void OnStarted(const std::string& task_id) override;
  void OnProgress(const std::string& task_id, const v1::TrainingProgress& progress) override;
  void OnDone(const std::string& task_id, absl::StatusOr<v1::TrainingOutcome> outcome,
              const std::string& log_path) override;

 private:
  void Submit(const TaskEntry& entry);
  // Usable, and not in the making.
  std::optional<TaskRecord> FinishedTwin(const TaskEntry& entry);
  void Fail(const std::string& task_id, const std::string& reason);
  absl::Status WriteDown(const std::string& task_id,
                         const absl::StatusOr<v1::TrainingOutcome>& outcome,
                         const std::string& log_path);

  Ledger& ledger_;
  Clock& clock_;
  WatchHub& hub_;
  ArtifactStore& artifacts_;
  TrainingExecutor& executor_;
  const std::function<void()> on_change_;
  // With the executor now.
  std::set<std::string> submitted_;
  // Of these, those that start from their twin's model.
  std::set<std::string> from_twin_;
  // Outcomes that wait for the store, with the path of their log.
  std::map<std::string, std::pair<absl::StatusOr<v1::TrainingOutcome>, std::string>> unstored_;
  bool dirty_ = true;
  bool stopped_ = false;
};

// The artifacts of an outcome that the store does not hold; empty when it can be used.
std::string MissingArtifact(const v1::TrainingOutcome& outcome, ArtifactStore& artifacts);

}  // namespace tinyjoule

#endif  // SERVER_CORE_TRAINING_QUEUE_H_
