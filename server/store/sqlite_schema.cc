// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_schema.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

// Step i brings version i to version i + 1. Never change a step that was released: add one.
// States and streams are the numbers of their enums in proto/tinyjoule/v1; BLOBs named after a
// message are that message, serialized. Times are UTC nanoseconds, 0 for "not yet".
constexpr std::array<const char*, 1> kMigrations = {
    R"sql(
CREATE TABLE sweeps (
  sweep_id TEXT PRIMARY KEY,
  submit_order INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  state INTEGER NOT NULL,
  cancelling INTEGER NOT NULL,
  spec BLOB NOT NULL,
  created_ns INTEGER NOT NULL,
  finished_ns INTEGER NOT NULL,
  UNIQUE (name, content_sha256));

CREATE TABLE sweep_inputs (
  sweep_id TEXT NOT NULL REFERENCES sweeps,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (sweep_id, position)) WITHOUT ROWID;

CREATE TABLE requests (
  request_id TEXT PRIMARY KEY,
  sweep_id TEXT NOT NULL REFERENCES sweeps);

CREATE TABLE tasks (
  task_id TEXT PRIMARY KEY,
  depends_on TEXT REFERENCES tasks,
  state INTEGER NOT NULL,
  label TEXT NOT NULL,
  training_task BLOB NOT NULL,
  reason TEXT NOT NULL,
  training_outcome BLOB NOT NULL,
  log_path TEXT NOT NULL);

CREATE TABLE trials (
  trial_id TEXT PRIMARY KEY,
  sweep_id TEXT NOT NULL REFERENCES sweeps,
  position INTEGER NOT NULL,
  task_id TEXT NOT NULL REFERENCES tasks,
  trial_summary BLOB NOT NULL,
  UNIQUE (sweep_id, position));

CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  sweep_id TEXT NOT NULL REFERENCES sweeps,
  trial_id TEXT NOT NULL REFERENCES trials,
  task_id TEXT NOT NULL REFERENCES tasks,
  position INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempt_limit INTEGER NOT NULL,
  run BLOB NOT NULL);
CREATE INDEX runs_in_order ON runs (sweep_id, position, run_id);

CREATE TABLE attempts (
  run_id TEXT NOT NULL REFERENCES runs,
  attempt INTEGER NOT NULL,
  agent TEXT NOT NULL,
  state INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  late_result INTEGER NOT NULL,
  reason TEXT NOT NULL,
  offered_ns INTEGER NOT NULL,
  ended_ns INTEGER NOT NULL,
  PRIMARY KEY (run_id, attempt)) WITHOUT ROWID;
CREATE INDEX open_attempts ON attempts (run_id, attempt) WHERE state = 0;

-- Payloads as they came: a block of samples, of predictions, or the result.
CREATE TABLE chunks (
  run_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  crc32c INTEGER NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (run_id, attempt, stream, sequence),
  FOREIGN KEY (run_id, attempt) REFERENCES attempts);

-- Other bytes that came under the key of a stored chunk; each once.
CREATE TABLE chunk_conflicts (
  run_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  payload_sha256 TEXT NOT NULL,
  crc32c INTEGER NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (run_id, attempt, stream, sequence, payload_sha256));

CREATE TABLE events (
  sweep_id TEXT NOT NULL REFERENCES sweeps,
  sequence INTEGER NOT NULL,
  watch_sweep_response BLOB NOT NULL,
  PRIMARY KEY (sweep_id, sequence)) WITHOUT ROWID;

CREATE TABLE agents (
  name TEXT PRIMARY KEY,
  installation_id TEXT NOT NULL,
  cordoned INTEGER NOT NULL,
  last_seen_ns INTEGER NOT NULL,
  agent BLOB NOT NULL);

CREATE TABLE agent_labels (
  agent TEXT NOT NULL REFERENCES agents ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (agent, key)) WITHOUT ROWID;

CREATE TABLE artifact_references (
  sha256 TEXT NOT NULL,
  owner TEXT NOT NULL,
  role TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (sha256, owner, role)) WITHOUT ROWID;
)sql"};

}  // namespace

int SqliteSchemaVersion() { return static_cast<int>(kMigrations.size()); }

absl::Status MigrateSqlite(SqliteConnection& connection) {
  return GuardSqlite("migrate the database", [&]() -> absl::Status {
    SQLite::Database& database = connection.database();
    const int found = database.execAndGet("PRAGMA user_version").getInt();
    if (found > SqliteSchemaVersion()) {
      return absl::FailedPreconditionError(absl::StrCat(
          database.getFilename(), " was written by a newer TinyJoule (schema ", found,
          ", this program knows ", SqliteSchemaVersion(), "): use that version or another folder"));
    }
    for (int version = found; version < SqliteSchemaVersion(); ++version) {
      SQLite::Transaction transaction(database);
      database.exec(kMigrations[version]);
      database.exec(absl::StrCat("PRAGMA user_version = ", version + 1));
      transaction.commit();
    }
    return absl::OkStatus();
  });
}

}  // namespace tinyjoule
