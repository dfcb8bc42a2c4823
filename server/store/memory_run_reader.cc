// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/memory_run_reader.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

template <typename Map>
auto Find(const Map& map, const typename Map::key_type& key, absl::string_view what)
    -> absl::StatusOr<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) return absl::NotFoundError(absl::StrCat("no ", what));
  return found->second;
}

// The records of `map` that `keep` accepts, sorted by `before`, at most `limit`.
template <typename Record, typename Map, typename Keep, typename Before>
std::vector<Record> Select(const Map& map, const Keep& keep, const Before& before,
                           size_t limit = SIZE_MAX) {
  std::vector<Record> records;
  for (const auto& [key, record] : map) {
    if (keep(record)) records.push_back(record);
  }
  std::stable_sort(records.begin(), records.end(), before);
  if (records.size() > limit) records.resize(limit);
  return records;
}

class MemoryRunReader final : public RunReader {
 public:
  explicit MemoryRunReader(std::shared_ptr<const MemoryState> state)
      : owned_(std::move(state)), state_(*owned_) {}

  absl::StatusOr<SweepRecord> GetSweep(const std::string& sweep_id) override {
    return Find(state_.sweeps, sweep_id, absl::StrCat("sweep ", sweep_id));
  }
  absl::StatusOr<std::vector<SweepRecord>> ListSweeps() override {
    return Select<SweepRecord>(
        state_.sweeps, [](const SweepRecord&) { return true; },
        [](const SweepRecord& a, const SweepRecord& b) { return a.order < b.order; });
  }
  absl::StatusOr<std::string> FindRequest(const std::string& request_id) override {
    return Find(state_.requests, request_id, absl::StrCat("request ", request_id));
  }

  absl::StatusOr<TaskRecord> GetTask(const std::string& task_id) override {
    return Find(state_.tasks, task_id, absl::StrCat("task ", task_id));
  }
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(const std::string& sweep_id) override {
    std::map<std::string, TaskRecord> found;
    for (const auto& [id, trial] : state_.trials) {
      if (trial.sweep_id != sweep_id) continue;
      const TaskRecord& task = state_.tasks.at(trial.task_id);
      found[task.task_id] = task;
      if (!task.depends_on.empty()) found[task.depends_on] = state_.tasks.at(task.depends_on);
    }
    std::vector<TaskRecord> tasks;
    tasks.reserve(found.size());
    for (const auto& [id, task] : found) tasks.push_back(task);
    return tasks;
  }

  absl::StatusOr<TrialRecord> GetTrial(const std::string& trial_id) override {
    return Find(state_.trials, trial_id, absl::StrCat("trial ", trial_id));
  }
  absl::StatusOr<std::vector<TrialRecord>> ListTrials(const std::string& sweep_id, uint32_t first,
                                                      uint32_t limit) override {
    return Select<TrialRecord>(
        state_.trials,
        [&](const TrialRecord& trial) {
          return trial.sweep_id == sweep_id && trial.position >= first;
        },
        [](const TrialRecord& a, const TrialRecord& b) { return a.position < b.position; }, limit);
  }

  absl::StatusOr<RunRecord> GetRun(const std::string& run_id) override {
    return Find(state_.runs, run_id, absl::StrCat("run ", run_id));
  }
  absl::StatusOr<std::vector<RunRecord>> ListRuns(const std::string& sweep_id, uint32_t first,
                                                  uint32_t limit) override {
    return Select<RunRecord>(
        state_.runs,
        [&](const RunRecord& record) {
          return record.run.sweep_id() == sweep_id && record.position >= first;
        },
        [](const RunRecord& a, const RunRecord& b) { return a.position < b.position; }, limit);
  }
  absl::StatusOr<std::vector<std::string>> FindRunIds(absl::string_view prefix,
                                                      uint32_t limit) override {
    std::vector<std::string> ids;
    for (auto it = state_.runs.lower_bound(std::string(prefix));
         it != state_.runs.end() && absl::StartsWith(it->first, prefix) && ids.size() < limit;
         ++it) {
      ids.push_back(it->first);
    }
    return ids;
  }

  absl::StatusOr<AttemptRecord> GetAttempt(const AttemptKey& key) override {
    return Find(state_.attempts, key, absl::StrCat("attempt ", key.ToString()));
  }
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(const std::string& run_id) override {
    return SelectAttempts([&](const AttemptRecord& record) { return record.key.run_id == run_id; });
  }
  absl::StatusOr<std::vector<AttemptRecord>> ListOpenAttempts() override {
    return SelectAttempts(
        [](const AttemptRecord& record) { return record.state == v1::ATTEMPT_STATE_UNSPECIFIED; });
  }

  absl::StatusOr<StreamExtent> GetExtent(const AttemptKey& key, v1::ChunkStream stream) override {
    StreamExtent extent;
    for (auto it = FirstChunk(key, stream); IsOf(it, key, stream); ++it) {
      if (it->second.sequence() == extent.contiguous) ++extent.contiguous;
      ++extent.count;
    }
    return extent;
  }
  absl::Status ReadChunks(const AttemptKey& key, v1::ChunkStream stream,
                          const ChunkVisitor& visit) override {
    for (auto it = FirstChunk(key, stream); IsOf(it, key, stream); ++it) {
      TJ_RETURN_IF_ERROR(visit(it->second));
    }
    return absl::OkStatus();
  }
  absl::Status ReadConflicts(const AttemptKey& key, const ChunkVisitor& visit) override {
    for (const auto& [id, chunk] : state_.conflicts) {
      if (chunk.run_id() != key.run_id || chunk.attempt() != key.attempt) continue;
      TJ_RETURN_IF_ERROR(visit(chunk));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<EventRecord>> ListEvents(const std::string& sweep_id, uint64_t after,
                                                      uint32_t limit) override {
    std::vector<EventRecord> events;
    const auto found = state_.events.find(sweep_id);
    if (found == state_.events.end()) return events;
    for (uint64_t i = after; i < found->second.size() && events.size() < limit; ++i) {
      events.push_back(found->second[i]);
    }
    return events;
  }
  absl::StatusOr<std::vector<AgentRecord>> ListAgents() override {
    std::vector<AgentRecord> agents;
    for (const auto& [name, agent] : state_.agents) agents.push_back(agent);
    return agents;
  }
  absl::StatusOr<std::vector<ArtifactReference>> ListReferences(
      const std::string& sha256) override {
    std::vector<ArtifactReference> references;
    for (const auto& [key, reference] : state_.references) {
      if (reference.sha256 == sha256) references.push_back(reference);
    }
    return references;
  }

 private:
  using ChunkIterator = std::map<MemoryChunkKey, v1::Chunk>::const_iterator;

  template <typename Keep>
  std::vector<AttemptRecord> SelectAttempts(const Keep& keep) {
    return Select<AttemptRecord>(
        state_.attempts, keep,
        [](const AttemptRecord& a, const AttemptRecord& b) { return a.key < b.key; });
  }
  ChunkIterator FirstChunk(const AttemptKey& key, v1::ChunkStream stream) const {
    return state_.chunks.lower_bound({key.run_id, key.attempt, stream, 0});
  }
  bool IsOf(ChunkIterator it, const AttemptKey& key, v1::ChunkStream stream) const {
    return it != state_.chunks.end() && it->second.run_id() == key.run_id &&
           it->second.attempt() == key.attempt && it->second.stream() == stream;
  }

  const std::shared_ptr<const MemoryState> owned_;
  const MemoryState& state_;
};

}  // namespace

std::unique_ptr<RunReader> MakeMemoryRunReader(std::shared_ptr<const MemoryState> state) {
  return std::make_unique<MemoryRunReader>(std::move(state));
}

}  // namespace tinyjoule
