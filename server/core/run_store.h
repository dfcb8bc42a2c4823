// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_RUN_STORE_H_
#define SERVER_CORE_RUN_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/run_records.h"

namespace tinyjoule {

// How much of a stream of an attempt is stored.
struct StreamExtent {
  // Chunks 0 .. contiguous - 1 are all there.
  uint64_t contiguous = 0;
  // All stored chunks, those behind a hole included.
  uint64_t count = 0;
};

// Reads of a store. One object is used on one sequence; NotFound names what was looked for.
class RunReader {
 public:
  using ChunkVisitor = std::function<absl::Status(const v1::Chunk& chunk)>;
  virtual ~RunReader() = default;

  virtual absl::StatusOr<SweepRecord> GetSweep(const std::string& sweep_id) = 0;
  // In order of submission.
  virtual absl::StatusOr<std::vector<SweepRecord>> ListSweeps() = 0;
  virtual absl::StatusOr<std::string> FindRequest(const std::string& request_id) = 0;

  virtual absl::StatusOr<TaskRecord> GetTask(const std::string& task_id) = 0;
  // The tasks of a sweep's trials and what these depend on, by id.
  virtual absl::StatusOr<std::vector<TaskRecord>> ListTasks(const std::string& sweep_id) = 0;

  virtual absl::StatusOr<TrialRecord> GetTrial(const std::string& trial_id) = 0;
  // Positions [first, first + limit).
  virtual absl::StatusOr<std::vector<TrialRecord>> ListTrials(const std::string& sweep_id,
                                                              uint32_t first, uint32_t limit) = 0;

  virtual absl::StatusOr<RunRecord> GetRun(const std::string& run_id) = 0;
  // By position, from `first`, at most `limit`.
  virtual absl::StatusOr<std::vector<RunRecord>> ListRuns(const std::string& sweep_id,
                                                          uint32_t first, uint32_t limit) = 0;
  // Ids that begin with `prefix`, at most `limit`, sorted.
  virtual absl::StatusOr<std::vector<std::string>> FindRunIds(absl::string_view prefix,
                                                              uint32_t limit) = 0;

  virtual absl::StatusOr<AttemptRecord> GetAttempt(const AttemptKey& key) = 0;
  virtual absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(const std::string& run_id) = 0;
  // Every attempt that has no terminal state yet.
  virtual absl::StatusOr<std::vector<AttemptRecord>> ListOpenAttempts() = 0;

  virtual absl::StatusOr<StreamExtent> GetExtent(const AttemptKey& key, v1::ChunkStream stream) = 0;
  // In order of sequence, one chunk in memory at a time; ends at the visitor's first error. A
  // stored chunk whose CRC does not fit is DataLoss.
  [[nodiscard]] virtual absl::Status ReadChunks(const AttemptKey& key, v1::ChunkStream stream,
                                                const ChunkVisitor& visit) = 0;
  // Chunks that came under a key that had other bytes; kept apart.
  [[nodiscard]] virtual absl::Status ReadConflicts(const AttemptKey& key,
                                                   const ChunkVisitor& visit) = 0;

  // Events of the sweep with sequence > after, in order, at most `limit`.
  virtual absl::StatusOr<std::vector<EventRecord>> ListEvents(const std::string& sweep_id,
                                                              uint64_t after, uint32_t limit) = 0;
  virtual absl::StatusOr<std::vector<AgentRecord>> ListAgents() = 0;
  virtual absl::StatusOr<std::vector<ArtifactReference>> ListReferences(
      const std::string& sha256) = 0;
};

// Changes that are made together or not at all. Records replace the ones with the same key.
struct WriteBatch {
  std::vector<SweepRecord> sweeps;
  std::vector<TaskRecord> tasks;
  std::vector<TrialRecord> trials;
  std::vector<RunRecord> runs;
  std::vector<AttemptRecord> attempts;
  std::vector<v1::Chunk> chunks;
  std::vector<EventRecord> events;
  std::vector<AgentRecord> agents;
  std::vector<std::string> removed_agents;
  std::vector<RequestRecord> requests;
  std::vector<ArtifactReference> references;
};

enum class ChunkFate {
  kStored,
  // The same bytes were there.
  kDuplicate,
  // Other bytes were there: this chunk is kept apart.
  kConflict,
};

struct CommitReport {
  // One for each chunk and each event of the batch, in its order.
  std::vector<ChunkFate> chunk_fates;
  std::vector<uint64_t> event_sequences;
};

// The coordinator's memory. Life cycle: open (an implementation's own factory), reads and commits
// on the core sequence, close by destruction.
class RunStore {
 public:
  virtual ~RunStore() = default;
  // What is committed. Valid as long as the store.
  virtual RunReader& reads() = 0;
  // All or nothing; on stable storage when it returns OK. After an error nothing of the batch is
  // visible, and reads go on. ResourceExhausted: the disk is full, and it may go better later.
  // DataLoss: the disk failed; no commit succeeds any more until the store is opened again.
  // FailedPrecondition: a record refers to one that is not there.
  virtual absl::StatusOr<CommitReport> Commit(const WriteBatch& batch) = 0;
  // The store as it is now, for one other thread: later commits are not seen. Destroy it soon, and
  // before the store.
  virtual absl::StatusOr<std::unique_ptr<RunReader>> OpenSnapshot() = 0;
};

// The run as its users see it: with the outcome of its trial. NotFound.
absl::StatusOr<v1::Run> LoadRun(RunReader& reader, const std::string& run_id);
// The same for a record that is there already.
absl::StatusOr<v1::Run> CompleteRun(RunReader& reader, RunRecord record);
// Calls `visit` with every run of the sweep, complete, in order of execution.
absl::Status VisitRuns(RunReader& reader, const std::string& sweep_id,
                       const std::function<absl::Status(const v1::Run&)>& visit);

// The trial as its users see it: with the state and, once it is trained, the outcome of its task.
absl::StatusOr<v1::TrialSummary> CompleteTrial(RunReader& reader, const SweepRecord& sweep,
                                               const TrialRecord& trial);
// Calls `visit` with every trial of the sweep, complete, by position.
absl::Status VisitTrials(RunReader& reader, const std::string& sweep_id,
                         const std::function<absl::Status(const v1::TrialSummary&)>& visit);

}  // namespace tinyjoule

#endif  // SERVER_CORE_RUN_STORE_H_
