// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_SQLITE_ROWS_H_
#define SERVER_STORE_SQLITE_ROWS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"
#include "server/core/run_store.h"
#include "server/store/sqlite_connection.h"

namespace tinyjoule {

// How rows of the database become records. Each macro names the columns that the parser below it
// reads, in its order.

#define TJ_SELECT_SWEEPS                                                                        \
  "SELECT sweep_id, submit_order, name, content_sha256, state, spec, created_ns, finished_ns, " \
  "cancelling FROM sweeps "
// Without its inputs, which have a table of their own.
absl::StatusOr<SweepRecord> ParseSweepRow(SQLite::Statement& row);

#define TJ_SELECT_TASKS                                                                          \
  "SELECT task_id, depends_on, state, label, training_task, reason, training_outcome, log_path " \
  "FROM tasks "
absl::StatusOr<TaskRecord> ParseTaskRow(SQLite::Statement& row);

#define TJ_SELECT_TRIALS "SELECT trial_id, sweep_id, position, task_id, trial_summary FROM trials "
absl::StatusOr<TrialRecord> ParseTrialRow(SQLite::Statement& row);

#define TJ_SELECT_RUNS "SELECT run, task_id, position, attempt_limit FROM runs "
absl::StatusOr<RunRecord> ParseRunRow(SQLite::Statement& row);

#define TJ_SELECT_ATTEMPTS                                                                     \
  "SELECT run_id, attempt, agent, state, accepted, late_result, reason, offered_ns, ended_ns " \
  "FROM attempts "
absl::StatusOr<AttemptRecord> ParseAttemptRow(SQLite::Statement& row);

#define TJ_SELECT_AGENTS "SELECT name, installation_id, cordoned, last_seen_ns, agent FROM agents "
// Without the labels that were set here, which have a table of their own.
absl::StatusOr<AgentRecord> ParseAgentRow(SQLite::Statement& row);

#define TJ_CHUNK_COLUMNS "SELECT run_id, attempt, stream, sequence, crc32c, payload "
// Every row in turn, one in memory at a time. DataLoss: a payload that its CRC does not fit.
absl::Status VisitChunkRows(SQLite::Statement& rows, const RunReader::ChunkVisitor& visit);

// Reads every row with `parse`, a function SQLite::Statement& -> StatusOr<Record>.
template <typename Record, typename Parse>
absl::StatusOr<std::vector<Record>> ReadAll(SQLite::Statement& statement, const Parse& parse) {
  std::vector<Record> records;
  while (statement.executeStep()) {
    TJ_ASSIGN_OR_RETURN(Record record, parse(statement));
    records.push_back(std::move(record));
  }
  return records;
}

template <typename Parse>
auto ReadOne(SQLite::Statement& statement, const Parse& parse, absl::string_view kind,
             absl::string_view id) -> decltype(parse(statement)) {
  if (!statement.executeStep()) return absl::NotFoundError(absl::StrCat("no ", kind, " ", id));
  return parse(statement);
}

}  // namespace tinyjoule

#endif  // SERVER_STORE_SQLITE_ROWS_H_
