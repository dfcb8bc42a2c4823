// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_LEDGER_H_
#define SERVER_CORE_LEDGER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/core/run_store.h"

namespace tinyjoule {

// What the core remembers of a task that an active sweep needs. The rest is in the store.
struct TaskEntry {
  std::string task_id;
  std::string depends_on;
  // See TwinWithFloatEnds.
  std::string twin;
  std::string label;
  v1::TaskState state = v1::TASK_STATE_UNSPECIFIED;
  std::string reason;
  // Active sweeps that need it.
  std::set<std::string> sweeps;
};

// What the core remembers of a run of an active sweep.
struct RunEntry {
  std::string run_id;
  std::string sweep_id;
  std::string task_id;
  std::string placed_on;
  uint32_t position = 0;
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  uint32_t attempt = 0;
  uint32_t attempt_limit = 0;
};

struct SweepEntry {
  SweepRecord record;
  // Task ids of the trials, in order; and all tasks, the bases included.
  std::vector<std::string> trial_tasks;
  std::set<std::string> tasks;
  std::vector<std::string> runs;
  // Runs in state WAITING by place ("" is any agent), in order of execution.
  std::map<std::string, std::set<std::pair<uint32_t, std::string>>> waiting;
  std::map<std::string, std::vector<std::string>> runs_of_task;
};

bool IsTerminal(v1::TaskState state);
bool IsTerminal(v1::RunState state);
bool IsTerminal(v1::SweepState state);
inline bool IsActive(v1::RunState state) {
  return state == v1::RUN_STATE_OFFERED || state == v1::RUN_STATE_RUNNING;
}
// "tinymlp / l1-structured sparsity=0.4".
std::string TrialLabel(const std::string& model, const std::string& variant,
                       const std::map<std::string, std::string>& parameters);
// "tinymlp / int8 / fold 2 / seed 42 / repeat 1".
std::string RunLabel(const v1::Run& run);

// The active (not terminal) sweeps with their tasks and runs, in memory, as the store has them.
// Everything else is read from the store when it is asked for. Changes go through LedgerChange.
class Ledger {
 public:
  explicit Ledger(RunStore& store) : store_(store) {}
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Every sweep that is not terminal. Once, at the start.
  [[nodiscard]] absl::Status LoadActiveSweeps();
  // A sweep that was written to the store, or written anew.
  [[nodiscard]] absl::Status LoadSweep(const std::string& sweep_id);

  RunStore& store() { return store_; }
  SweepEntry* FindSweep(const std::string& sweep_id);
  TaskEntry* FindTask(const std::string& task_id);
  RunEntry* FindRun(const std::string& run_id);
  // Active sweeps, oldest first.
  std::vector<SweepEntry*> SweepsInOrder();
  std::map<std::string, TaskEntry>& tasks() { return tasks_; }

  v1::SweepCounts Count(const SweepEntry& sweep) const;
  // The state that the sweep's tasks and runs add up to.
  v1::SweepState Conclude(const SweepEntry& sweep) const;
  // No task of the sweep is waiting or running any more.
  bool IsTrained(const SweepEntry& sweep) const;

 private:
  friend class LedgerChange;
  void AddRun(SweepEntry& sweep, const RunRecord& record);
  void SetState(RunEntry& run, v1::RunState state);
  // Forgets a terminal sweep and the tasks that nobody else needs.
  void Drop(const std::string& sweep_id);

  RunStore& store_;
  std::map<std::string, SweepEntry> sweeps_;
  std::map<std::string, TaskEntry> tasks_;
  std::map<std::string, RunEntry> runs_;
};

// The counts and trial states of a sweep that is not in the ledger, from the store.
absl::StatusOr<v1::SweepCounts> CountFromStore(RunReader& reader, const std::string& sweep_id);

}  // namespace tinyjoule

#endif  // SERVER_CORE_LEDGER_H_
