// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_run_reader.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/store/sqlite_rows.h"

namespace tinyjoule {
namespace {

using SQLite::Statement;

// Of sequences in order: the first one that is missing.
uint64_t FirstHole(Statement& sequences) {
  uint64_t expected = 0;
  while (sequences.executeStep() &&
         static_cast<uint64_t>(sequences.getColumn(0).getInt64()) == expected) {
    ++expected;
  }
  return expected;
}

}  // namespace

absl::Status SqliteRunReader::ReadInputs(SweepRecord& record) {
  const ScopedStatement statement = connection_.Prepare(
      "SELECT name, sha256, size_bytes FROM sweep_inputs WHERE sweep_id = ? ORDER BY position");
  Binder(statement).Text(record.sweep_id);
  while (statement->executeStep()) {
    v1::InputFile& input = record.inputs.emplace_back();
    input.set_name(statement->getColumn(0).getString());
    input.set_sha256(statement->getColumn(1).getString());
    input.set_size_bytes(static_cast<uint64_t>(statement->getColumn(2).getInt64()));
  }
  return absl::OkStatus();
}

absl::StatusOr<SweepRecord> SqliteRunReader::GetSweep(const std::string& sweep_id) {
  return GuardSqlite("read a sweep", [&]() -> absl::StatusOr<SweepRecord> {
    const ScopedStatement statement = connection_.Prepare(TJ_SELECT_SWEEPS "WHERE sweep_id = ?");
    Binder(statement).Text(sweep_id);
    TJ_ASSIGN_OR_RETURN(SweepRecord record, ReadOne(statement, ParseSweepRow, "sweep", sweep_id));
    TJ_RETURN_IF_ERROR(ReadInputs(record));
    return record;
  });
}

absl::StatusOr<std::vector<SweepRecord>> SqliteRunReader::ListSweeps() {
  return GuardSqlite("list sweeps", [&]() -> absl::StatusOr<std::vector<SweepRecord>> {
    const ScopedStatement statement = connection_.Prepare(TJ_SELECT_SWEEPS "ORDER BY submit_order");
    TJ_ASSIGN_OR_RETURN(auto records, ReadAll<SweepRecord>(statement, ParseSweepRow));
    for (SweepRecord& record : records) TJ_RETURN_IF_ERROR(ReadInputs(record));
    return records;
  });
}

absl::StatusOr<std::string> SqliteRunReader::FindRequest(const std::string& request_id) {
  return GuardSqlite("find a request", [&]() -> absl::StatusOr<std::string> {
    const ScopedStatement statement =
        connection_.Prepare("SELECT sweep_id FROM requests WHERE request_id = ?");
    Binder(statement).Text(request_id);
    const auto parse = [](Statement& row) -> absl::StatusOr<std::string> {
      return row.getColumn(0).getString();
    };
    return ReadOne(statement, parse, "request", request_id);
  });
}

absl::StatusOr<TaskRecord> SqliteRunReader::GetTask(const std::string& task_id) {
  return GuardSqlite("read a task", [&]() -> absl::StatusOr<TaskRecord> {
    const ScopedStatement statement = connection_.Prepare(TJ_SELECT_TASKS "WHERE task_id = ?");
    Binder(statement).Text(task_id);
    return ReadOne(statement, ParseTaskRow, "task", task_id);
  });
}

absl::StatusOr<std::vector<TaskRecord>> SqliteRunReader::ListTasks(const std::string& sweep_id) {
  return GuardSqlite("list tasks", [&]() -> absl::StatusOr<std::vector<TaskRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        "WITH own AS (SELECT task_id FROM trials WHERE sweep_id = ?) " TJ_SELECT_TASKS
        "WHERE task_id IN own OR task_id IN "
        "(SELECT depends_on FROM tasks WHERE task_id IN own) ORDER BY task_id");
    Binder(statement).Text(sweep_id);
    return ReadAll<TaskRecord>(statement, ParseTaskRow);
  });
}

absl::StatusOr<TrialRecord> SqliteRunReader::GetTrial(const std::string& trial_id) {
  return GuardSqlite("read a trial", [&]() -> absl::StatusOr<TrialRecord> {
    const ScopedStatement statement = connection_.Prepare(TJ_SELECT_TRIALS "WHERE trial_id = ?");
    Binder(statement).Text(trial_id);
    return ReadOne(statement, ParseTrialRow, "trial", trial_id);
  });
}

absl::StatusOr<std::vector<TrialRecord>> SqliteRunReader::ListTrials(const std::string& sweep_id,
                                                                     uint32_t first,
                                                                     uint32_t limit) {
  return GuardSqlite("list trials", [&]() -> absl::StatusOr<std::vector<TrialRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        TJ_SELECT_TRIALS "WHERE sweep_id = ? AND position >= ? ORDER BY position LIMIT ?");
    Binder(statement).Text(sweep_id).Integer(first).Integer(limit);
    return ReadAll<TrialRecord>(statement, ParseTrialRow);
  });
}

absl::StatusOr<RunRecord> SqliteRunReader::GetRun(const std::string& run_id) {
  return GuardSqlite("read a run", [&]() -> absl::StatusOr<RunRecord> {
    const ScopedStatement statement = connection_.Prepare(TJ_SELECT_RUNS "WHERE run_id = ?");
    Binder(statement).Text(run_id);
    return ReadOne(statement, ParseRunRow, "run", run_id);
  });
}

absl::StatusOr<std::vector<RunRecord>> SqliteRunReader::ListRuns(const std::string& sweep_id,
                                                                 uint32_t first, uint32_t limit) {
  return GuardSqlite("list runs", [&]() -> absl::StatusOr<std::vector<RunRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        TJ_SELECT_RUNS "WHERE sweep_id = ? AND position >= ? ORDER BY position, run_id LIMIT ?");
    Binder(statement).Text(sweep_id).Integer(first).Integer(limit);
    return ReadAll<RunRecord>(statement, ParseRunRow);
  });
}

absl::StatusOr<std::vector<std::string>> SqliteRunReader::FindRunIds(absl::string_view prefix,
                                                                     uint32_t limit) {
  return GuardSqlite("find runs", [&]() -> absl::StatusOr<std::vector<std::string>> {
    const ScopedStatement statement = connection_.Prepare(
        "SELECT run_id FROM runs WHERE run_id >= ? AND substr(run_id, 1, ?) = ? "
        "ORDER BY run_id LIMIT ?");
    const std::string start(prefix);
    Binder(statement)
        .Text(start)
        .Integer(static_cast<int64_t>(start.size()))
        .Text(start)
        .Integer(limit);
    return ReadAll<std::string>(statement, [](Statement& row) -> absl::StatusOr<std::string> {
      return row.getColumn(0).getString();
    });
  });
}

absl::StatusOr<AttemptRecord> SqliteRunReader::GetAttempt(const AttemptKey& key) {
  return GuardSqlite("read an attempt", [&]() -> absl::StatusOr<AttemptRecord> {
    const ScopedStatement statement =
        connection_.Prepare(TJ_SELECT_ATTEMPTS "WHERE run_id = ? AND attempt = ?");
    Binder(statement).Text(key.run_id).Integer(key.attempt);
    return ReadOne(statement, ParseAttemptRow, "attempt", key.ToString());
  });
}

absl::StatusOr<std::vector<AttemptRecord>> SqliteRunReader::ListAttempts(
    const std::string& run_id) {
  return GuardSqlite("list attempts", [&]() -> absl::StatusOr<std::vector<AttemptRecord>> {
    const ScopedStatement statement =
        connection_.Prepare(TJ_SELECT_ATTEMPTS "WHERE run_id = ? ORDER BY attempt");
    Binder(statement).Text(run_id);
    return ReadAll<AttemptRecord>(statement, ParseAttemptRow);
  });
}

absl::StatusOr<std::vector<AttemptRecord>> SqliteRunReader::ListOpenAttempts() {
  return GuardSqlite("list open attempts", [&]() -> absl::StatusOr<std::vector<AttemptRecord>> {
    const ScopedStatement statement =
        connection_.Prepare(TJ_SELECT_ATTEMPTS "WHERE state = 0 ORDER BY run_id, attempt");
    return ReadAll<AttemptRecord>(statement, ParseAttemptRow);
  });
}

absl::StatusOr<StreamExtent> SqliteRunReader::GetExtent(const AttemptKey& key,
                                                        v1::ChunkStream stream) {
  return GuardSqlite("measure a stream", [&]() -> absl::StatusOr<StreamExtent> {
    const ScopedStatement totals = connection_.Prepare(
        "SELECT count(*), coalesce(max(sequence), -1) FROM chunks "
        "WHERE run_id = ? AND attempt = ? AND stream = ?");
    Binder(totals).Text(key.run_id).Integer(key.attempt).Integer(stream);
    totals->executeStep();
    StreamExtent extent;
    extent.count = static_cast<uint64_t>(totals->getColumn(0).getInt64());
    extent.contiguous = extent.count;
    if (totals->getColumn(1).getInt64() + 1 == totals->getColumn(0).getInt64()) return extent;
    const ScopedStatement sequences = connection_.Prepare(
        "SELECT sequence FROM chunks WHERE run_id = ? AND attempt = ? AND stream = ? "
        "ORDER BY sequence");
    Binder(sequences).Text(key.run_id).Integer(key.attempt).Integer(stream);
    extent.contiguous = FirstHole(sequences);
    return extent;
  });
}

absl::Status SqliteRunReader::ReadChunks(const AttemptKey& key, v1::ChunkStream stream,
                                         const ChunkVisitor& visit) {
  return GuardSqlite("read chunks", [&]() -> absl::Status {
    const ScopedStatement statement =
        connection_.Prepare(TJ_CHUNK_COLUMNS
                            "FROM chunks "
                            "WHERE run_id = ? AND attempt = ? AND stream = ? ORDER BY sequence");
    Binder(statement).Text(key.run_id).Integer(key.attempt).Integer(stream);
    return VisitChunkRows(statement, visit);
  });
}

absl::Status SqliteRunReader::ReadConflicts(const AttemptKey& key, const ChunkVisitor& visit) {
  return GuardSqlite("read conflicts", [&]() -> absl::Status {
    const ScopedStatement statement = connection_.Prepare(
        TJ_CHUNK_COLUMNS
        "FROM chunk_conflicts "
        "WHERE run_id = ? AND attempt = ? ORDER BY stream, sequence, payload_sha256");
    Binder(statement).Text(key.run_id).Integer(key.attempt);
    return VisitChunkRows(statement, visit);
  });
}

absl::StatusOr<std::vector<EventRecord>> SqliteRunReader::ListEvents(const std::string& sweep_id,
                                                                     uint64_t after,
                                                                     uint32_t limit) {
  return GuardSqlite("list events", [&]() -> absl::StatusOr<std::vector<EventRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        "SELECT sequence, watch_sweep_response FROM events WHERE sweep_id = ? AND sequence > ? "
        "ORDER BY sequence LIMIT ?");
    Binder(statement).Text(sweep_id).Integer(static_cast<int64_t>(after)).Integer(limit);
    return ReadAll<EventRecord>(statement, [&](Statement& row) -> absl::StatusOr<EventRecord> {
      EventRecord record;
      record.sweep_id = sweep_id;
      record.sequence = static_cast<uint64_t>(row.getColumn(0).getInt64());
      TJ_RETURN_IF_ERROR(ProtoColumn(row, 1, record.event));
      return record;
    });
  });
}

absl::StatusOr<std::vector<AgentRecord>> SqliteRunReader::ListAgents() {
  return GuardSqlite("list agents", [&]() -> absl::StatusOr<std::vector<AgentRecord>> {
    const ScopedStatement statement = connection_.Prepare(TJ_SELECT_AGENTS "ORDER BY name");
    TJ_ASSIGN_OR_RETURN(auto records, ReadAll<AgentRecord>(statement, ParseAgentRow));
    for (AgentRecord& record : records) {
      const ScopedStatement labels =
          connection_.Prepare("SELECT key, value FROM agent_labels WHERE agent = ? ORDER BY key");
      Binder(labels).Text(record.name);
      while (labels->executeStep()) {
        record.set_labels[labels->getColumn(0).getString()] = labels->getColumn(1).getString();
      }
    }
    return records;
  });
}

absl::StatusOr<std::vector<ArtifactReference>> SqliteRunReader::ListReferences(
    const std::string& sha256) {
  return GuardSqlite("list references", [&]() -> absl::StatusOr<std::vector<ArtifactReference>> {
    const ScopedStatement statement = connection_.Prepare(
        "SELECT sha256, owner, role, size_bytes FROM artifact_references WHERE sha256 = ? "
        "ORDER BY owner, role");
    Binder(statement).Text(sha256);
    return ReadAll<ArtifactReference>(
        statement, [](Statement& row) -> absl::StatusOr<ArtifactReference> {
          return ArtifactReference{row.getColumn(0).getString(), row.getColumn(1).getString(),
                                   row.getColumn(2).getString(),
                                   static_cast<uint64_t>(row.getColumn(3).getInt64())};
        });
  });
}

namespace {

class SqliteSnapshot final : public SqliteRunReader {
 public:
  explicit SqliteSnapshot(std::unique_ptr<SqliteConnection> connection)
      : SqliteRunReader(*connection), connection_(std::move(connection)) {}

 private:
  const std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RunReader>> OpenSqliteSnapshot(const std::string& path) {
  return GuardSqlite(absl::StrCat("open a snapshot of ", path),
                     [&]() -> absl::StatusOr<std::unique_ptr<RunReader>> {
                       auto connection =
                           std::make_unique<SqliteConnection>(path, SQLite::OPEN_READONLY);
                       connection->database().exec("BEGIN");
                       // A read transaction begins with the first read.
                       connection->database().execAndGet("SELECT count(*) FROM sweeps");
                       return std::make_unique<SqliteSnapshot>(std::move(connection));
                     });
}

}  // namespace tinyjoule
