// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_SPOOL_SEGMENT_H_
#define AGENT_CORE_SPOOL_SEGMENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// How a spool lies on disk. All integers little-endian.
//   segment := header record*
//   header  := "TJSPOOL1" next_sequence[3]:u64 crc32c(of the 32 bytes before):u32
//   record  := length:u32 crc32c(of the bytes):u32 bytes: a serialized v1::Chunk
// next_sequence says, per stream (samples, predictions, result), what the attempt's next chunk was
// when the segment began, so that it is known after all earlier segments are gone.

// Next sequence per stream, by v1::ChunkStream minus 1.
using StreamCounters = std::array<uint64_t, 3>;

inline constexpr size_t kSegmentHeaderBytes = 36;
inline constexpr size_t kRecordHeaderBytes = 8;

constexpr bool IsKnownStream(v1::ChunkStream stream) {
  return stream >= v1::CHUNK_STREAM_SAMPLES && stream <= v1::CHUNK_STREAM_RESULT;
}
constexpr size_t StreamIndex(v1::ChunkStream stream) { return static_cast<size_t>(stream) - 1; }

std::string EncodeSegmentHeader(const StreamCounters& next_sequence);
std::string EncodeRecord(const v1::Chunk& chunk);
// DataLoss when the CRC or the message is wrong. `bytes` is the whole record.
absl::StatusOr<v1::Chunk> DecodeRecord(absl::string_view bytes);

// Where a chunk lies in its segment.
struct SpooledChunk {
  v1::ChunkStream stream = v1::CHUNK_STREAM_UNSPECIFIED;
  uint64_t sequence = 0;
  uint32_t segment = 0;
  uint32_t offset = 0;
  uint32_t length = 0;
};

// What a segment's bytes hold, up to the first that make no sense.
struct SegmentContent {
  bool header_ok = false;
  StreamCounters next_sequence = {};
  std::vector<SpooledChunk> chunks;
  // Bytes that are good; the rest is a torn or damaged tail.
  uint64_t good_bytes = 0;
};
SegmentContent ScanSegment(absl::string_view bytes, uint32_t segment);

}  // namespace tinyjoule

#endif  // AGENT_CORE_SPOOL_SEGMENT_H_
