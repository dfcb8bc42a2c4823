// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/assembly/attempt_data.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/status.h"
#include "common/energy/chunk.h"

namespace tinyjoule {
namespace {

using ChunkList = std::vector<const v1::Chunk*>;

std::string NameOf(const v1::Chunk& chunk) {
  return absl::StrCat(v1::ChunkStream_Name(chunk.stream()), " chunk ", chunk.sequence());
}

auto OrderOf(const v1::Chunk& chunk) { return std::make_pair(chunk.stream(), chunk.sequence()); }

absl::StatusOr<ChunkList> SortedChunks(absl::Span<const v1::Chunk> chunks) {
  ChunkList sorted;
  for (const v1::Chunk& chunk : chunks) {
    TJ_RETURN_IF_ERROR(CheckChunk(chunk));
    if (chunk.run_id() != chunks[0].run_id() || chunk.attempt() != chunks[0].attempt()) {
      return absl::InvalidArgumentError(absl::StrCat(NameOf(chunk), " belongs to attempt ",
                                                     chunk.attempt(), " of ", chunk.run_id()));
    }
    sorted.push_back(&chunk);
  }
  const auto before = [](const v1::Chunk* a, const v1::Chunk* b) {
    return OrderOf(*a) < OrderOf(*b);
  };
  std::sort(sorted.begin(), sorted.end(), before);
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (OrderOf(*sorted[i - 1]) == OrderOf(*sorted[i])) {
      return absl::InvalidArgumentError(absl::StrCat(NameOf(*sorted[i]), " is there twice"));
    }
  }
  return sorted;
}

ChunkList OfStream(const ChunkList& sorted, v1::ChunkStream stream) {
  ChunkList found;
  for (const v1::Chunk* chunk : sorted) {
    if (chunk->stream() == stream) found.push_back(chunk);
  }
  return found;
}

// Sorted and without duplicates: the first sequence that is not its index is behind a hole.
absl::Status CheckComplete(const ChunkList& chunks, v1::ChunkStream stream, uint64_t announced) {
  uint64_t next = 0;
  while (next < chunks.size() && chunks[next]->sequence() == next) ++next;
  const std::string name = v1::ChunkStream_Name(stream);
  if (next < announced) {
    return absl::FailedPreconditionError(
        absl::StrCat(name, " chunk ", next, " of ", announced, " is missing"));
  }
  if (chunks.size() > announced) {
    return absl::InvalidArgumentError(
        absl::StrCat(chunks.size(), " ", name, " chunks; the result announces ", announced));
  }
  return absl::OkStatus();
}

template <typename Message>
absl::StatusOr<Message> ParsePayload(const v1::Chunk& chunk) {
  Message message;
  if (message.ParseFromString(chunk.payload())) return message;
  return absl::InvalidArgumentError(
      absl::StrCat(NameOf(chunk), " is not a ", Message::descriptor()->name()));
}

absl::Status AppendSamples(const v1::Chunk& chunk, std::vector<RawCounts>& samples) {
  TJ_ASSIGN_OR_RETURN(const std::vector<RawCounts> more, DecodeSampleChunk(chunk));
  samples.insert(samples.end(), more.begin(), more.end());
  return absl::OkStatus();
}

absl::Status AppendPredictions(const v1::Chunk& chunk, AttemptData& data) {
  TJ_ASSIGN_OR_RETURN(const auto block, ParsePayload<v1::PredictionBlock>(chunk));
  const uint32_t width = block.values_per_row();
  if (data.predictions.empty()) data.row_width = width;
  const bool whole_rows = width > 0 && width == data.row_width && block.values_size() > 0 &&
                          static_cast<uint32_t>(block.values_size()) % width == 0;
  if (!whole_rows) {
    return absl::InvalidArgumentError(
        absl::StrCat(NameOf(chunk), " has ", block.values_size(), " values in rows of ", width));
  }
  const uint64_t next_row = data.predictions.size() / width;
  if (block.first_row() != next_row) {
    return absl::InvalidArgumentError(absl::StrCat(NameOf(chunk), " begins with row ",
                                                   block.first_row(), " instead of ", next_row));
  }
  data.predictions.insert(data.predictions.end(), block.values().begin(), block.values().end());
  return absl::OkStatus();
}

std::string HashOf(const ChunkList& sorted) {
  Sha256 hash;
  for (const v1::Chunk* chunk : sorted) hash.Update(chunk->payload());
  return hash.HexDigest();
}

}  // namespace

absl::StatusOr<std::vector<RawCounts>> DecodeSampleChunk(const v1::Chunk& chunk) {
  TJ_ASSIGN_OR_RETURN(const auto block, ParsePayload<v1::SampleBlock>(chunk));
  auto samples = DecodeSampleBlock(block);
  if (!samples.ok()) return Annotate(samples.status(), NameOf(chunk));
  return samples;
}

absl::StatusOr<AttemptData> DecodeAttempt(absl::Span<const v1::Chunk> chunks) {
  TJ_ASSIGN_OR_RETURN(const ChunkList sorted, SortedChunks(chunks));
  const ChunkList results = OfStream(sorted, v1::CHUNK_STREAM_RESULT);
  TJ_RETURN_IF_ERROR(CheckComplete(results, v1::CHUNK_STREAM_RESULT, 1));
  AttemptData data;
  TJ_ASSIGN_OR_RETURN(data.result, ParsePayload<v1::RunResult>(*results[0]));

  const ChunkList samples = OfStream(sorted, v1::CHUNK_STREAM_SAMPLES);
  TJ_RETURN_IF_ERROR(CheckComplete(samples, v1::CHUNK_STREAM_SAMPLES, data.result.sample_chunks()));
  for (const v1::Chunk* chunk : samples) TJ_RETURN_IF_ERROR(AppendSamples(*chunk, data.samples));
  if (data.samples.size() != data.result.sample_count()) {
    return absl::InvalidArgumentError(absl::StrCat(
        data.samples.size(), " samples; the result announces ", data.result.sample_count()));
  }

  const ChunkList predictions = OfStream(sorted, v1::CHUNK_STREAM_PREDICTIONS);
  TJ_RETURN_IF_ERROR(
      CheckComplete(predictions, v1::CHUNK_STREAM_PREDICTIONS, data.result.prediction_chunks()));
  for (const v1::Chunk* chunk : predictions) TJ_RETURN_IF_ERROR(AppendPredictions(*chunk, data));
  data.raw_sha256 = HashOf(sorted);
  return data;
}

}  // namespace tinyjoule
