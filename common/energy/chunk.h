// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_CHUNK_H_
#define COMMON_ENERGY_CHUNK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// A whole serialized chunk, and its payload, are never larger.
inline constexpr size_t kMaxChunkBytes = 64 * 1024;
inline constexpr size_t kMaxChunkPayloadBytes = kMaxChunkBytes - 256;

// A chunk with the CRC-32C of its payload. InvalidArgument when CheckChunk would refuse it.
absl::StatusOr<v1::Chunk> MakeChunk(absl::string_view run_id, uint32_t attempt,
                                    v1::ChunkStream stream, uint64_t sequence, std::string payload);

// What can be said about a chunk without decoding its payload: the run's name, attempt from 1, a
// known stream, the size, and a result's sequence (0). InvalidArgument names the field; DataLoss
// is a CRC that does not fit.
[[nodiscard]] absl::Status CheckChunk(const v1::Chunk& chunk);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_CHUNK_H_
