// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_LEDGER_CHANGE_H_
#define SERVER_CORE_LEDGER_CHANGE_H_

#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "server/core/ledger.h"

namespace tinyjoule {

// Told about every sweep that got events, after their commit.
class LedgerObserver {
 public:
  virtual ~LedgerObserver() = default;
  virtual void OnSweepChanged(const std::string& sweep_id) = 0;
};

// One change of the ledger and of the store, together or not at all. Life cycle: 1. make it;
// 2. Set... and Put...: the ledger shows the new state at once; 3. Commit, once. When the commit
// fails, or never comes, the ledger is as it was. It adds the events that watchers see and ends
// the sweeps that the change completes.
class LedgerChange {
 public:
  LedgerChange(Ledger& ledger, Clock& clock, LedgerObserver& observer);
  ~LedgerChange();
  LedgerChange(const LedgerChange&) = delete;
  LedgerChange& operator=(const LedgerChange&) = delete;

  // Of a task in the ledger. `edit` may fill outcome and log_path. A task that fails or is
  // cancelled takes the tasks and waiting runs that need it with it.
  [[nodiscard]] absl::Status SetTask(const std::string& task_id, v1::TaskState state,
                                     const std::string& reason,
                                     const std::function<void(TaskRecord&)>& edit = nullptr);
  // Of a run in the ledger. `edit` may change the record's state, attempt, agent, result...
  [[nodiscard]] absl::Status SetRun(const std::string& run_id,
                                    const std::function<void(RunRecord&)>& edit);
  void SetCancelling(SweepEntry& sweep, bool cancelling);
  void PutAttempt(const AttemptRecord& attempt) { batch_.attempts.push_back(attempt); }
  void PutReference(const ArtifactReference& reference) { batch_.references.push_back(reference); }
  // Plain words for the sweep's watchers.
  void Notice(const std::string& sweep_id, const std::string& words);

  bool empty() const { return touched_.empty() && batch_.attempts.empty(); }
  [[nodiscard]] absl::Status Commit();

 private:
  absl::Status SpreadFailure(const std::string& task_id, v1::TaskState state,
                             const std::string& reason);
  absl::Status EndRunsOf(const SweepEntry& sweep, const std::string& task_id, v1::TaskState state,
                         const std::string& reason);
  v1::WatchSweepResponse& AddEvent(const std::string& sweep_id);
  void ConcludeSweeps();
  void FillEvents();
  void Undo();

  Ledger& ledger_;
  Clock& clock_;
  LedgerObserver& observer_;
  WriteBatch batch_;
  std::map<std::string, RunRecord> run_records_;
  std::map<std::string, TaskRecord> task_records_;
  std::set<std::string> touched_;
  // As they were before.
  std::map<std::string, TaskEntry> old_tasks_;
  std::map<std::string, RunEntry> old_runs_;
  std::map<std::string, SweepRecord> old_sweeps_;
  bool committed_ = false;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_LEDGER_CHANGE_H_
