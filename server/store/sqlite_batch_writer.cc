// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_batch_writer.h"

#include "common/base/digest.h"

namespace tinyjoule {
namespace {

class SqliteWriter {
 public:
  explicit SqliteWriter(SqliteConnection& connection) : connection_(connection) {}

  CommitReport Write(const WriteBatch& batch) {
    CommitReport report;
    for (const SweepRecord& sweep : batch.sweeps) Put(sweep);
    for (const TaskRecord& task : batch.tasks) Put(task);
    for (const TrialRecord& trial : batch.trials) Put(trial);
    for (const RunRecord& run : batch.runs) Put(run);
    for (const AttemptRecord& attempt : batch.attempts) Put(attempt);
    for (const v1::Chunk& chunk : batch.chunks) report.chunk_fates.push_back(Append(chunk));
    for (const EventRecord& event : batch.events) report.event_sequences.push_back(Append(event));
    for (const AgentRecord& agent : batch.agents) Put(agent);
    for (const std::string& name : batch.removed_agents) RemoveAgent(name);
    for (const RequestRecord& request : batch.requests) Put(request);
    for (const ArtifactReference& reference : batch.references) Put(reference);
    return report;
  }

 private:
  void Put(const SweepRecord& sweep) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT INTO sweeps (sweep_id, submit_order, name, content_sha256, state, spec, "
        "created_ns, finished_ns, cancelling) VALUES (?1, CASE ?2 WHEN 0 THEN "
        "(SELECT coalesce(max(submit_order), 0) + 1 FROM sweeps) ELSE ?2 END, "
        "?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (sweep_id) DO UPDATE SET state = ?5, "
        "finished_ns = ?8, cancelling = ?9");
    Binder(statement)
        .Text(sweep.sweep_id)
        .Integer(static_cast<int64_t>(sweep.order))
        .Text(sweep.name)
        .Text(sweep.content_sha256)
        .Integer(sweep.state)
        .Proto(sweep.spec)
        .Integer(sweep.created_utc_ns)
        .Integer(sweep.finished_utc_ns)
        .Integer(sweep.cancelling ? 1 : 0);
    statement->exec();
    for (size_t i = 0; i < sweep.inputs.size(); ++i) PutInput(sweep, i);
  }

  void PutInput(const SweepRecord& sweep, size_t index) {
    const v1::InputFile& input = sweep.inputs[index];
    const ScopedStatement statement = connection_.Prepare(
        "INSERT OR REPLACE INTO sweep_inputs (sweep_id, position, name, sha256, size_bytes) "
        "VALUES (?, ?, ?, ?, ?)");
    Binder(statement)
        .Text(sweep.sweep_id)
        .Integer(static_cast<int64_t>(index))
        .Text(input.name())
        .Text(input.sha256())
        .Integer(static_cast<int64_t>(input.size_bytes()));
    statement->exec();
  }

  void Put(const TaskRecord& task) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT INTO tasks (task_id, depends_on, state, label, training_task, reason, "
        "training_outcome, log_path) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
        "ON CONFLICT (task_id) DO UPDATE SET state = ?3, reason = ?6, training_outcome = ?7, "
        "log_path = ?8");
    Binder(statement)
        .Text(task.task_id)
        .TextOrNull(task.depends_on)
        .Integer(task.state)
        .Text(task.label)
        .Proto(task.task)
        .Text(task.reason)
        .Proto(task.outcome)
        .Text(task.log_path);
    statement->exec();
  }

  void Put(const TrialRecord& trial) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT INTO trials (trial_id, sweep_id, position, task_id, trial_summary) "
        "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (trial_id) DO UPDATE SET trial_summary = ?5");
    Binder(statement)
        .Text(trial.trial_id)
        .Text(trial.sweep_id)
        .Integer(trial.position)
        .Text(trial.task_id)
        .Proto(trial.summary);
    statement->exec();
  }

  void Put(const RunRecord& record) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT INTO runs (run_id, sweep_id, trial_id, task_id, position, state, attempt_limit, "
        "run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run_id) DO UPDATE SET "
        "position = ?5, state = ?6, attempt_limit = ?7, run = ?8");
    Binder(statement)
        .Text(record.run.run_id())
        .Text(record.run.sweep_id())
        .Text(record.run.trial_id())
        .Text(record.task_id)
        .Integer(record.position)
        .Integer(record.run.state())
        .Integer(record.attempt_limit)
        .Proto(record.run);
    statement->exec();
  }

  void Put(const AttemptRecord& attempt) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT INTO attempts (run_id, attempt, agent, state, accepted, late_result, reason, "
        "offered_ns, ended_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
        "ON CONFLICT (run_id, attempt) DO UPDATE SET state = ?4, accepted = ?5, "
        "late_result = ?6, reason = ?7, ended_ns = ?9");
    Binder(statement)
        .Text(attempt.key.run_id)
        .Integer(attempt.key.attempt)
        .Text(attempt.agent)
        .Integer(attempt.state)
        .Integer(attempt.accepted ? 1 : 0)
        .Integer(attempt.late_result ? 1 : 0)
        .Text(attempt.reason)
        .Integer(attempt.offered_utc_ns)
        .Integer(attempt.ended_utc_ns);
    statement->exec();
  }

  void Put(const AgentRecord& agent) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT INTO agents (name, installation_id, cordoned, last_seen_ns, agent) "
        "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET installation_id = ?2, "
        "cordoned = ?3, last_seen_ns = ?4, agent = ?5");
    Binder(statement)
        .Text(agent.name)
        .Text(agent.installation_id)
        .Integer(agent.cordoned ? 1 : 0)
        .Integer(agent.last_seen_utc_ns)
        .Proto(agent.reported);
    statement->exec();
    const ScopedStatement clear = connection_.Prepare("DELETE FROM agent_labels WHERE agent = ?");
    Binder(clear).Text(agent.name);
    clear->exec();
    for (const auto& [key, value] : agent.set_labels) {
      const ScopedStatement label =
          connection_.Prepare("INSERT INTO agent_labels (agent, key, value) VALUES (?, ?, ?)");
      Binder(label).Text(agent.name).Text(key).Text(value);
      label->exec();
    }
  }

  void RemoveAgent(const std::string& name) {
    const ScopedStatement statement = connection_.Prepare("DELETE FROM agents WHERE name = ?");
    Binder(statement).Text(name);
    statement->exec();
  }

  void Put(const RequestRecord& request) {
    const ScopedStatement statement =
        connection_.Prepare("INSERT OR REPLACE INTO requests (request_id, sweep_id) VALUES (?, ?)");
    Binder(statement).Text(request.request_id).Text(request.sweep_id);
    statement->exec();
  }

  void Put(const ArtifactReference& reference) {
    const ScopedStatement statement = connection_.Prepare(
        "INSERT OR REPLACE INTO artifact_references (sha256, owner, role, size_bytes) "
        "VALUES (?, ?, ?, ?)");
    Binder(statement)
        .Text(reference.sha256)
        .Text(reference.owner)
        .Text(reference.role)
        .Integer(static_cast<int64_t>(reference.size_bytes));
    statement->exec();
  }

  uint64_t Append(const EventRecord& event) {
    const ScopedStatement next =
        connection_.Prepare("SELECT coalesce(max(sequence), 0) + 1 FROM events WHERE sweep_id = ?");
    Binder(next).Text(event.sweep_id);
    next->executeStep();
    const int64_t sequence = next->getColumn(0).getInt64();
    const ScopedStatement insert = connection_.Prepare(
        "INSERT INTO events (sweep_id, sequence, watch_sweep_response) VALUES (?, ?, ?)");
    Binder(insert).Text(event.sweep_id).Integer(sequence).Proto(event.event);
    insert->exec();
    return static_cast<uint64_t>(sequence);
  }

  ChunkFate Append(const v1::Chunk& chunk) {
    const ScopedStatement insert = connection_.Prepare(
        "INSERT INTO chunks (run_id, attempt, stream, sequence, crc32c, payload) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, attempt, stream, sequence) DO NOTHING");
    BindKey(insert, chunk).Integer(chunk.crc32c()).Blob(chunk.payload());
    if (insert->exec() == 1) return ChunkFate::kStored;
    const ScopedStatement same = connection_.Prepare(
        "SELECT payload = ?5 FROM chunks WHERE run_id = ?1 AND attempt = ?2 AND stream = ?3 "
        "AND sequence = ?4");
    BindKey(same, chunk).Blob(chunk.payload());
    same->executeStep();
    if (same->getColumn(0).getInt() != 0) return ChunkFate::kDuplicate;
    KeepApart(chunk);
    return ChunkFate::kConflict;
  }

  void KeepApart(const v1::Chunk& chunk) {
    const std::string hash = Sha256Hex(chunk.payload());
    const ScopedStatement insert = connection_.Prepare(
        "INSERT OR IGNORE INTO chunk_conflicts (run_id, attempt, stream, sequence, "
        "payload_sha256, crc32c, payload) VALUES (?, ?, ?, ?, ?, ?, ?)");
    BindKey(insert, chunk).Text(hash).Integer(chunk.crc32c()).Blob(chunk.payload());
    insert->exec();
  }

  static Binder BindKey(SQLite::Statement& statement, const v1::Chunk& chunk) {
    Binder binder(statement);
    binder.Text(chunk.run_id())
        .Integer(chunk.attempt())
        .Integer(chunk.stream())
        .Integer(static_cast<int64_t>(chunk.sequence()));
    return binder;
  }

  SqliteConnection& connection_;
};

}  // namespace

CommitReport WriteSqliteBatch(SqliteConnection& connection, const WriteBatch& batch) {
  return SqliteWriter(connection).Write(batch);
}

}  // namespace tinyjoule
