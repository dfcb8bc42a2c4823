// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/prediction_writer.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/energy/chunk.h"

namespace tinyjoule {
namespace {

// Leaves room for the block's other fields.
constexpr uint64_t kMaxValuesPerChunk = (kMaxChunkPayloadBytes - 64) / sizeof(float);

}  // namespace

PredictionWriter::PredictionWriter(ChunkSink& sink, uint64_t row_count, uint32_t values_per_row)
    : sink_(sink), row_count_(row_count), values_per_row_(values_per_row) {
  pending_.set_values_per_row(values_per_row);
}

absl::Status PredictionWriter::Add(const v1::PredictionBlock& block) {
  const uint64_t width = values_per_row_;
  if (width == 0 || width > kMaxValuesPerChunk) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a prediction of %d values does not fit into a chunk", width));
  }
  const auto size = static_cast<uint64_t>(block.values_size());
  if (block.values_per_row() != width || size % width != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d predicted values in rows of %d; rows of %d were announced", size,
                        block.values_per_row(), width));
  }
  if (block.first_row() != rows_ || size / width > row_count_ - rows_) {
    return absl::InvalidArgumentError(
        absl::StrFormat("predictions of rows %d to %d; row %d of %d is next", block.first_row(),
                        block.first_row() + size / width, rows_, row_count_));
  }
  const uint64_t values_per_chunk = kMaxValuesPerChunk / width * width;
  for (uint64_t at = 0; at < size;) {
    const uint64_t room = values_per_chunk - static_cast<uint64_t>(pending_.values_size());
    const uint64_t count = std::min(room, size - at);
    const auto first = block.values().begin() + static_cast<int>(at);
    pending_.mutable_values()->Add(first, first + static_cast<int>(count));
    at += count;
    if (count == room) TJ_RETURN_IF_ERROR(WritePending());
  }
  rows_ += size / width;
  return absl::OkStatus();
}

absl::Status PredictionWriter::Finish() {
  if (rows_ != row_count_) {
    return absl::DataLossError(
        absl::StrFormat("the runner predicted %d rows of %d", rows_, row_count_));
  }
  return pending_.values_size() > 0 ? WritePending() : absl::OkStatus();
}

absl::Status PredictionWriter::WritePending() {
  TJ_RETURN_IF_ERROR(sink_.Write(v1::CHUNK_STREAM_PREDICTIONS, pending_.SerializeAsString()));
  ++chunk_count_;
  const auto rows = static_cast<uint64_t>(pending_.values_size()) / values_per_row_;
  pending_.set_first_row(pending_.first_row() + rows);
  pending_.clear_values();
  return absl::OkStatus();
}

}  // namespace tinyjoule
