// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_run_reader.h"

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

using SQLite::Statement;

// Reads every row with `parse`, a function Statement& -> StatusOr<Record>.
template <typename Record, typename Parse>
absl::StatusOr<std::vector<Record>> ReadAll(Statement& statement, const Parse& parse) {
  std::vector<Record> records;
  while (statement.executeStep()) {
    TJ_ASSIGN_OR_RETURN(Record record, parse(statement));
    records.push_back(std::move(record));
  }
  return records;
}

template <typename Parse>
auto ReadOne(Statement& statement, const Parse& parse, absl::string_view kind, absl::string_view id)
    -> decltype(parse(statement)) {
  if (!statement.executeStep()) return absl::NotFoundError(absl::StrCat("no ", kind, " ", id));
  return parse(statement);
}

#define TJ_SWEEP_COLUMNS                                                                        \
  "SELECT sweep_id, submit_order, name, content_sha256, state, spec, created_ns, finished_ns, " \
  "cancelling "
absl::StatusOr<SweepRecord> ParseSweepRow(Statement& row) {
  SweepRecord record;
  record.sweep_id = row.getColumn(0).getString();
  record.order = static_cast<uint64_t>(row.getColumn(1).getInt64());
  record.name = row.getColumn(2).getString();
  record.content_sha256 = row.getColumn(3).getString();
  record.state = static_cast<v1::SweepState>(row.getColumn(4).getInt());
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 5, record.spec));
  record.created_utc_ns = row.getColumn(6).getInt64();
  record.finished_utc_ns = row.getColumn(7).getInt64();
  record.cancelling = row.getColumn(8).getInt() != 0;
  return record;
}

#define TJ_TASK_COLUMNS \
  "SELECT task_id, depends_on, state, label, training_task, reason, training_outcome, log_path "
absl::StatusOr<TaskRecord> ParseTaskRow(Statement& row) {
  TaskRecord record;
  record.task_id = row.getColumn(0).getString();
  record.depends_on = row.getColumn(1).getString();
  record.state = static_cast<v1::TaskState>(row.getColumn(2).getInt());
  record.label = row.getColumn(3).getString();
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 4, record.task));
  record.reason = row.getColumn(5).getString();
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 6, record.outcome));
  record.log_path = row.getColumn(7).getString();
  return record;
}

#define TJ_TRIAL_COLUMNS "SELECT trial_id, sweep_id, position, task_id, trial_summary FROM trials "
absl::StatusOr<TrialRecord> ParseTrialRow(Statement& row) {
  TrialRecord record;
  record.trial_id = row.getColumn(0).getString();
  record.sweep_id = row.getColumn(1).getString();
  record.position = row.getColumn(2).getUInt();
  record.task_id = row.getColumn(3).getString();
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 4, record.summary));
  return record;
}

#define TJ_RUN_COLUMNS "SELECT run, task_id, position, attempt_limit FROM runs "
absl::StatusOr<RunRecord> ParseRunRow(Statement& row) {
  RunRecord record;
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 0, record.run));
  record.task_id = row.getColumn(1).getString();
  record.position = row.getColumn(2).getUInt();
  record.attempt_limit = row.getColumn(3).getUInt();
  return record;
}

#define TJ_ATTEMPT_COLUMNS                                                                     \
  "SELECT run_id, attempt, agent, state, accepted, late_result, reason, offered_ns, ended_ns " \
  "FROM attempts "
absl::StatusOr<AttemptRecord> ParseAttemptRow(Statement& row) {
  AttemptRecord record;
  record.key = {row.getColumn(0).getString(), row.getColumn(1).getUInt()};
  record.agent = row.getColumn(2).getString();
  record.state = static_cast<v1::AttemptState>(row.getColumn(3).getInt());
  record.accepted = row.getColumn(4).getInt() != 0;
  record.late_result = row.getColumn(5).getInt() != 0;
  record.reason = row.getColumn(6).getString();
  record.offered_utc_ns = row.getColumn(7).getInt64();
  record.ended_utc_ns = row.getColumn(8).getInt64();
  return record;
}

absl::StatusOr<AgentRecord> ParseAgentRow(Statement& row) {
  AgentRecord record;
  record.name = row.getColumn(0).getString();
  record.installation_id = row.getColumn(1).getString();
  record.cordoned = row.getColumn(2).getInt() != 0;
  record.last_seen_utc_ns = row.getColumn(3).getInt64();
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 4, record.reported));
  return record;
}

v1::Chunk ParseChunkRow(Statement& row) {
  v1::Chunk chunk;
  chunk.set_run_id(row.getColumn(0).getString());
  chunk.set_attempt(row.getColumn(1).getUInt());
  chunk.set_stream(static_cast<v1::ChunkStream>(row.getColumn(2).getInt()));
  chunk.set_sequence(static_cast<uint64_t>(row.getColumn(3).getInt64()));
  chunk.set_crc32c(row.getColumn(4).getUInt());
  chunk.set_payload(BlobColumn(row, 5));
  return chunk;
}

absl::Status VisitChunks(Statement& statement, const RunReader::ChunkVisitor& visit) {
  while (statement.executeStep()) {
    const v1::Chunk chunk = ParseChunkRow(statement);
    if (Crc32c(chunk.payload()) != chunk.crc32c()) {
      return absl::DataLossError(absl::StrCat("stored chunk ", chunk.run_id(), "/", chunk.attempt(),
                                              " ", v1::ChunkStream_Name(chunk.stream()), " ",
                                              chunk.sequence(), " is damaged"));
    }
    TJ_RETURN_IF_ERROR(visit(chunk));
  }
  return absl::OkStatus();
}

// The first sequence that is not stored, given that `count` chunks are and the highest is not
// count - 1.
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
    const ScopedStatement statement =
        connection_.Prepare(TJ_SWEEP_COLUMNS "FROM sweeps WHERE sweep_id = ?");
    Binder(statement).Text(sweep_id);
    TJ_ASSIGN_OR_RETURN(SweepRecord record, ReadOne(statement, ParseSweepRow, "sweep", sweep_id));
    TJ_RETURN_IF_ERROR(ReadInputs(record));
    return record;
  });
}

absl::StatusOr<std::vector<SweepRecord>> SqliteRunReader::ListSweeps() {
  return GuardSqlite("list sweeps", [&]() -> absl::StatusOr<std::vector<SweepRecord>> {
    const ScopedStatement statement =
        connection_.Prepare(TJ_SWEEP_COLUMNS "FROM sweeps ORDER BY submit_order");
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
    const ScopedStatement statement =
        connection_.Prepare(TJ_TASK_COLUMNS "FROM tasks WHERE task_id = ?");
    Binder(statement).Text(task_id);
    return ReadOne(statement, ParseTaskRow, "task", task_id);
  });
}

absl::StatusOr<std::vector<TaskRecord>> SqliteRunReader::ListTasks(const std::string& sweep_id) {
  return GuardSqlite("list tasks", [&]() -> absl::StatusOr<std::vector<TaskRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        "WITH own AS (SELECT task_id FROM trials WHERE sweep_id = ?) " TJ_TASK_COLUMNS
        "FROM tasks WHERE task_id IN own OR task_id IN "
        "(SELECT depends_on FROM tasks WHERE task_id IN own) ORDER BY task_id");
    Binder(statement).Text(sweep_id);
    return ReadAll<TaskRecord>(statement, ParseTaskRow);
  });
}

absl::StatusOr<TrialRecord> SqliteRunReader::GetTrial(const std::string& trial_id) {
  return GuardSqlite("read a trial", [&]() -> absl::StatusOr<TrialRecord> {
    const ScopedStatement statement = connection_.Prepare(TJ_TRIAL_COLUMNS "WHERE trial_id = ?");
    Binder(statement).Text(trial_id);
    return ReadOne(statement, ParseTrialRow, "trial", trial_id);
  });
}

absl::StatusOr<std::vector<TrialRecord>> SqliteRunReader::ListTrials(const std::string& sweep_id,
                                                                     uint32_t first,
                                                                     uint32_t limit) {
  return GuardSqlite("list trials", [&]() -> absl::StatusOr<std::vector<TrialRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        TJ_TRIAL_COLUMNS "WHERE sweep_id = ? AND position >= ? ORDER BY position LIMIT ?");
    Binder(statement).Text(sweep_id).Integer(first).Integer(limit);
    return ReadAll<TrialRecord>(statement, ParseTrialRow);
  });
}

absl::StatusOr<RunRecord> SqliteRunReader::GetRun(const std::string& run_id) {
  return GuardSqlite("read a run", [&]() -> absl::StatusOr<RunRecord> {
    const ScopedStatement statement = connection_.Prepare(TJ_RUN_COLUMNS "WHERE run_id = ?");
    Binder(statement).Text(run_id);
    return ReadOne(statement, ParseRunRow, "run", run_id);
  });
}

absl::StatusOr<std::vector<RunRecord>> SqliteRunReader::ListRuns(const std::string& sweep_id,
                                                                 uint32_t first, uint32_t limit) {
  return GuardSqlite("list runs", [&]() -> absl::StatusOr<std::vector<RunRecord>> {
    const ScopedStatement statement = connection_.Prepare(
        TJ_RUN_COLUMNS "WHERE sweep_id = ? AND position >= ? ORDER BY position, run_id LIMIT ?");
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
        connection_.Prepare(TJ_ATTEMPT_COLUMNS "WHERE run_id = ? AND attempt = ?");
    Binder(statement).Text(key.run_id).Integer(key.attempt);
    return ReadOne(statement, ParseAttemptRow, "attempt",
                   absl::StrCat(key.run_id, "/", key.attempt));
  });
}

absl::StatusOr<std::vector<AttemptRecord>> SqliteRunReader::ListAttempts(
    const std::string& run_id) {
  return GuardSqlite("list attempts", [&]() -> absl::StatusOr<std::vector<AttemptRecord>> {
    const ScopedStatement statement =
        connection_.Prepare(TJ_ATTEMPT_COLUMNS "WHERE run_id = ? ORDER BY attempt");
    Binder(statement).Text(run_id);
    return ReadAll<AttemptRecord>(statement, ParseAttemptRow);
  });
}

absl::StatusOr<std::vector<AttemptRecord>> SqliteRunReader::ListOpenAttempts() {
  return GuardSqlite("list open attempts", [&]() -> absl::StatusOr<std::vector<AttemptRecord>> {
    const ScopedStatement statement =
        connection_.Prepare(TJ_ATTEMPT_COLUMNS "WHERE state = 0 ORDER BY run_id, attempt");
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
    const ScopedStatement statement = connection_.Prepare(
        "SELECT run_id, attempt, stream, sequence, crc32c, payload FROM chunks "
        "WHERE run_id = ? AND attempt = ? AND stream = ? ORDER BY sequence");
    Binder(statement).Text(key.run_id).Integer(key.attempt).Integer(stream);
    return VisitChunks(statement, visit);
  });
}

absl::Status SqliteRunReader::ReadConflicts(const AttemptKey& key, const ChunkVisitor& visit) {
  return GuardSqlite("read conflicts", [&]() -> absl::Status {
    const ScopedStatement statement = connection_.Prepare(
        "SELECT run_id, attempt, stream, sequence, crc32c, payload FROM chunk_conflicts "
        "WHERE run_id = ? AND attempt = ? ORDER BY stream, sequence, payload_sha256");
    Binder(statement).Text(key.run_id).Integer(key.attempt);
    return VisitChunks(statement, visit);
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
    const ScopedStatement statement = connection_.Prepare(
        "SELECT name, installation_id, cordoned, last_seen_ns, agent FROM agents ORDER BY name");
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
