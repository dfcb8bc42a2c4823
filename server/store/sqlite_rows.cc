// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_rows.h"

#include "common/base/digest.h"

namespace tinyjoule {
namespace {

using SQLite::Statement;

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

}  // namespace

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

absl::StatusOr<TrialRecord> ParseTrialRow(Statement& row) {
  TrialRecord record;
  record.trial_id = row.getColumn(0).getString();
  record.sweep_id = row.getColumn(1).getString();
  record.position = row.getColumn(2).getUInt();
  record.task_id = row.getColumn(3).getString();
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 4, record.summary));
  return record;
}

absl::StatusOr<RunRecord> ParseRunRow(Statement& row) {
  RunRecord record;
  TJ_RETURN_IF_ERROR(ProtoColumn(row, 0, record.run));
  record.task_id = row.getColumn(1).getString();
  record.position = row.getColumn(2).getUInt();
  record.attempt_limit = row.getColumn(3).getUInt();
  return record;
}

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

absl::Status VisitChunkRows(Statement& rows, const RunReader::ChunkVisitor& visit) {
  while (rows.executeStep()) {
    const v1::Chunk chunk = ParseChunkRow(rows);
    if (Crc32c(chunk.payload()) != chunk.crc32c()) {
      return absl::DataLossError(absl::StrCat("stored chunk ", chunk.run_id(), "/", chunk.attempt(),
                                              " ", v1::ChunkStream_Name(chunk.stream()), " ",
                                              chunk.sequence(), " is damaged"));
    }
    TJ_RETURN_IF_ERROR(visit(chunk));
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule
