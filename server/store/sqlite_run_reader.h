// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_SQLITE_RUN_READER_H_
#define SERVER_STORE_SQLITE_RUN_READER_H_

#include <memory>
#include <string>
#include <vector>

#include "server/core/run_store.h"
#include "server/store/sqlite_connection.h"

namespace tinyjoule {

// The reads of a SQLite store, over a connection that is borrowed (the store's) or owned (a
// snapshot's). Used on the connection's sequence.
class SqliteRunReader : public RunReader {
 public:
  explicit SqliteRunReader(SqliteConnection& connection) : connection_(connection) {}

  absl::StatusOr<SweepRecord> GetSweep(const std::string& sweep_id) override;
  absl::StatusOr<std::vector<SweepRecord>> ListSweeps() override;
  absl::StatusOr<std::string> FindRequest(const std::string& request_id) override;
  absl::StatusOr<TaskRecord> GetTask(const std::string& task_id) override;
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(const std::string& sweep_id) override;
  absl::StatusOr<TrialRecord> GetTrial(const std::string& trial_id) override;
  absl::StatusOr<std::vector<TrialRecord>> ListTrials(const std::string& sweep_id, uint32_t first,
                                                      uint32_t limit) override;
  absl::StatusOr<RunRecord> GetRun(const std::string& run_id) override;
  absl::StatusOr<std::vector<RunRecord>> ListRuns(const std::string& sweep_id, uint32_t first,
                                                  uint32_t limit) override;
  absl::StatusOr<std::vector<std::string>> FindRunIds(absl::string_view prefix,
                                                      uint32_t limit) override;
  absl::StatusOr<AttemptRecord> GetAttempt(const AttemptKey& key) override;
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(const std::string& run_id) override;
  absl::StatusOr<std::vector<AttemptRecord>> ListOpenAttempts() override;
  absl::StatusOr<StreamExtent> GetExtent(const AttemptKey& key, v1::ChunkStream stream) override;
  absl::Status ReadChunks(const AttemptKey& key, v1::ChunkStream stream,
                          const ChunkVisitor& visit) override;
  absl::Status ReadConflicts(const AttemptKey& key, const ChunkVisitor& visit) override;
  absl::StatusOr<std::vector<EventRecord>> ListEvents(const std::string& sweep_id, uint64_t after,
                                                      uint32_t limit) override;
  absl::StatusOr<std::vector<AgentRecord>> ListAgents() override;
  absl::StatusOr<std::vector<ArtifactReference>> ListReferences(const std::string& sha256) override;

 private:
  absl::Status ReadInputs(SweepRecord& record);

  SqliteConnection& connection_;
};

// A reader with a read-only connection of its own, inside one read transaction.
absl::StatusOr<std::unique_ptr<RunReader>> OpenSqliteSnapshot(const std::string& path);

}  // namespace tinyjoule

#endif  // SERVER_STORE_SQLITE_RUN_READER_H_
