// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/chunk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/digest.h"
#include "common/base/names.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

bool IsKnownStream(v1::ChunkStream stream) {
  return v1::ChunkStream_IsValid(stream) && stream != v1::CHUNK_STREAM_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<v1::Chunk> MakeChunk(absl::string_view run_id, uint32_t attempt,
                                    v1::ChunkStream stream, uint64_t sequence,
                                    std::string payload) {
  v1::Chunk chunk;
  chunk.set_run_id(std::string(run_id));
  chunk.set_attempt(attempt);
  chunk.set_stream(stream);
  chunk.set_sequence(sequence);
  chunk.set_crc32c(Crc32c(payload));
  chunk.set_payload(std::move(payload));
  TJ_RETURN_IF_ERROR(CheckChunk(chunk));
  return chunk;
}

absl::Status CheckChunk(const v1::Chunk& chunk) {
  if (!IsValidName(chunk.run_id())) {
    return absl::InvalidArgumentError("run_id of a chunk is not [A-Za-z0-9._-]{1,64}");
  }
  const std::string where = absl::StrCat("chunk ", chunk.sequence(), " of run ", chunk.run_id());
  if (chunk.attempt() == 0) return absl::InvalidArgumentError(where + ": attempt is 0");
  if (!IsKnownStream(chunk.stream())) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": stream ", chunk.stream()));
  }
  if (chunk.stream() == v1::CHUNK_STREAM_RESULT && chunk.sequence() != 0) {
    return absl::InvalidArgumentError(where + ": a result has one chunk, sequence 0");
  }
  if (chunk.payload().empty() || chunk.payload().size() > kMaxChunkPayloadBytes) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": payload of ", chunk.payload().size(),
                                                   " bytes; allowed are 1 to ",
                                                   kMaxChunkPayloadBytes));
  }
  const uint32_t crc = Crc32c(chunk.payload());
  if (crc != chunk.crc32c()) {
    return absl::DataLossError(
        absl::StrFormat("%s: its CRC-32C is %08x, it says %08x", where, crc, chunk.crc32c()));
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule
