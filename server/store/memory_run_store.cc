// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/memory_run_store.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/status.h"
#include "server/store/memory_run_reader.h"

namespace tinyjoule {
namespace {

MemoryChunkKey ChunkKeyOf(const v1::Chunk& chunk) {
  return {chunk.run_id(), chunk.attempt(), chunk.stream(), chunk.sequence()};
}

class MemoryRunStore final : public RunStore {
 public:
  MemoryRunStore()
      : state_(std::make_shared<MemoryState>()), reader_(MakeMemoryRunReader(state_)) {}

  RunReader& reads() override { return *reader_; }

  absl::StatusOr<CommitReport> Commit(const WriteBatch& batch) override {
    TJ_RETURN_IF_ERROR(CheckReferences(batch));
    CommitReport report;
    for (const SweepRecord& sweep : batch.sweeps) Put(sweep);
    for (const TaskRecord& task : batch.tasks) state_->tasks[task.task_id] = task;
    for (const TrialRecord& trial : batch.trials) state_->trials[trial.trial_id] = trial;
    for (const RunRecord& record : batch.runs) state_->runs[record.run.run_id()] = record;
    for (const AttemptRecord& attempt : batch.attempts) state_->attempts[attempt.key] = attempt;
    for (const v1::Chunk& chunk : batch.chunks) report.chunk_fates.push_back(Append(chunk));
    for (const EventRecord& event : batch.events) report.event_sequences.push_back(Append(event));
    for (const AgentRecord& agent : batch.agents) state_->agents[agent.name] = agent;
    for (const std::string& name : batch.removed_agents) state_->agents.erase(name);
    for (const RequestRecord& request : batch.requests) {
      state_->requests[request.request_id] = request.sweep_id;
    }
    for (const ArtifactReference& reference : batch.references) {
      state_->references[{reference.sha256, reference.owner, reference.role}] = reference;
    }
    return report;
  }

  absl::StatusOr<std::unique_ptr<RunReader>> OpenSnapshot() override {
    return MakeMemoryRunReader(std::make_shared<const MemoryState>(*state_));
  }

 private:
  // Whether `key` is there, or comes with the batch.
  template <typename Map, typename Records, typename KeyOfRecord>
  static bool Known(const Map& map, const Records& records, const typename Map::key_type& key,
                    const KeyOfRecord& key_of) {
    return map.count(key) != 0 || std::any_of(records.begin(), records.end(),
                                              [&](const auto& one) { return key_of(one) == key; });
  }

  absl::Status CheckReferences(const WriteBatch& batch) const {
    const auto missing = [](absl::string_view what) {
      return absl::FailedPreconditionError(absl::StrCat("a record refers to a missing ", what));
    };
    for (const TrialRecord& trial : batch.trials) {
      if (!KnownSweep(batch, trial.sweep_id)) return missing("sweep");
      if (!Known(state_->tasks, batch.tasks, trial.task_id,
                 [](const TaskRecord& task) { return task.task_id; })) {
        return missing("task");
      }
    }
    for (const RunRecord& record : batch.runs) {
      if (!Known(state_->trials, batch.trials, record.run.trial_id(),
                 [](const TrialRecord& trial) { return trial.trial_id; })) {
        return missing("trial");
      }
    }
    for (const AttemptRecord& attempt : batch.attempts) {
      if (!Known(state_->runs, batch.runs, attempt.key.run_id,
                 [](const RunRecord& record) { return record.run.run_id(); })) {
        return missing("run");
      }
    }
    for (const v1::Chunk& chunk : batch.chunks) {
      if (!Known(state_->attempts, batch.attempts, AttemptKey{chunk.run_id(), chunk.attempt()},
                 [](const AttemptRecord& attempt) { return attempt.key; })) {
        return missing("attempt");
      }
    }
    for (const EventRecord& event : batch.events) {
      if (!KnownSweep(batch, event.sweep_id)) return missing("sweep");
    }
    return absl::OkStatus();
  }

  bool KnownSweep(const WriteBatch& batch, const std::string& sweep_id) const {
    return Known(state_->sweeps, batch.sweeps, sweep_id,
                 [](const SweepRecord& sweep) { return sweep.sweep_id; });
  }

  void Put(const SweepRecord& sweep) {
    const auto old = state_->sweeps.find(sweep.sweep_id);
    const uint64_t order =
        old == state_->sweeps.end() ? state_->sweeps.size() + 1 : old->second.order;
    SweepRecord& stored = state_->sweeps[sweep.sweep_id] = sweep;
    stored.order = sweep.order == 0 ? order : sweep.order;
  }

  ChunkFate Append(const v1::Chunk& chunk) {
    const auto [place, stored] = state_->chunks.emplace(ChunkKeyOf(chunk), chunk);
    if (stored) return ChunkFate::kStored;
    if (place->second.payload() == chunk.payload()) return ChunkFate::kDuplicate;
    state_->conflicts.emplace(std::make_pair(ChunkKeyOf(chunk), Sha256Hex(chunk.payload())), chunk);
    return ChunkFate::kConflict;
  }

  uint64_t Append(const EventRecord& event) {
    std::vector<EventRecord>& events = state_->events[event.sweep_id];
    events.push_back(event);
    events.back().sequence = events.size();
    return events.size();
  }

  const std::shared_ptr<MemoryState> state_;
  const std::unique_ptr<RunReader> reader_;
};

}  // namespace

std::unique_ptr<RunStore> MakeMemoryRunStore() { return std::make_unique<MemoryRunStore>(); }

}  // namespace tinyjoule
