// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_CHUNK_INGEST_H_
#define SERVER_CORE_CHUNK_INGEST_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/task_runner.h"
#include "server/core/fleet.h"
#include "server/core/run_store.h"
#include "server/core/run_tracker.h"

namespace tinyjoule {

// Writes the chunks of all agents and acknowledges them. Group commit: what arrives while a flush
// is due shares one transaction. An acknowledgement is cumulative (everything up to a sequence) and
// leaves only after the commit; a chunk that was there already is acknowledged again. When a result
// and everything that it announces is there, the tracker is told. Chunks are not held in memory
// after their commit. Core sequence.
class ChunkIngest {
 public:
  struct Counters {
    uint64_t stored = 0;
    uint64_t duplicates = 0;
    uint64_t conflicts = 0;
    // Not ours to keep: an unknown attempt, another agent's, damaged on the way.
    uint64_t refused = 0;
    uint64_t commits = 0;
    uint64_t failed_commits = 0;
  };

  ChunkIngest(TaskRunner& runner, RunStore& store, Fleet& fleet, RunTracker& tracker,
              int64_t group_delay_ns, std::function<void()> on_complete);
  ~ChunkIngest();
  ChunkIngest(const ChunkIngest&) = delete;
  ChunkIngest& operator=(const ChunkIngest&) = delete;

  // InvalidArgument, DataLoss: as CheckChunk (common/energy/chunk.h) says; the agent's stream
  // should end with it.
  [[nodiscard]] absl::Status Add(const AgentEntry& agent, const v1::Chunk& chunk);
  // Commits what waits, now.
  void Flush();
  // After a restart: an attempt that was complete when the coordinator went down.
  void CheckOpenAttempts(const std::vector<AttemptRecord>& attempts);
  // Again, what could not be written down before.
  void RetryCompletions();
  const Counters& counters() const { return counters_; }

 private:
  // What is stored of an attempt that is being delivered.
  struct Progress {
    std::string agent;
    std::array<StreamExtent, v1::ChunkStream_ARRAYSIZE> extents;
    uint64_t duplicates = 0;
    std::optional<v1::RunResult> result;
    // Everything is there, and the tracker could not write it down yet.
    bool unrecorded = false;
    bool complete = false;
  };

  absl::StatusOr<Progress*> FindProgress(const AttemptKey& key);
  void AfterCommit(const std::vector<v1::Chunk>& chunks, const std::vector<ChunkFate>& fates);
  void Count(const v1::Chunk& chunk, ChunkFate fate, Progress& progress);
  void Acknowledge(const AttemptKey& key, v1::ChunkStream stream, const Progress& progress);
  uint64_t CountConflicts(const AttemptKey& key);
  v1::DeliveryCounters CountDelivery(const AttemptKey& key, const Progress& progress);
  void ForgetIdle();
  void CheckComplete(const AttemptKey& key, Progress& progress);
  absl::Status ReadResult(const AttemptKey& key, Progress& progress);
  void RefuseAll(const std::vector<v1::Chunk>& chunks, const absl::Status& status);

  TaskRunner& runner_;
  RunStore& store_;
  Fleet& fleet_;
  RunTracker& tracker_;
  const int64_t group_delay_ns_;
  const std::function<void()> on_complete_;
  std::vector<v1::Chunk> waiting_;
  size_t waiting_bytes_ = 0;
  bool flush_posted_ = false;
  std::map<AttemptKey, Progress> progress_;
  Counters counters_;
  // Its end tells posted tasks that this object is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_CHUNK_INGEST_H_
