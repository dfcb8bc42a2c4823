// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/spool_segment.h"

#include "common/base/digest.h"

namespace tinyjoule {
namespace {

constexpr absl::string_view kMagic = "TJSPOOL1";

template <typename Integer>
void AppendLittleEndian(Integer value, std::string* out) {
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    out->push_back(static_cast<char>(value >> (8 * i)));
  }
}

template <typename Integer>
Integer ReadLittleEndian(absl::string_view bytes) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value |= static_cast<Integer>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return value;
}

bool ReadHeader(absl::string_view bytes, StreamCounters* next_sequence) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) return false;
  const size_t crc_at = kSegmentHeaderBytes - sizeof(uint32_t);
  if (ReadLittleEndian<uint32_t>(bytes.substr(crc_at)) != Crc32c(bytes.substr(0, crc_at))) {
    return false;
  }
  for (size_t i = 0; i < next_sequence->size(); ++i) {
    (*next_sequence)[i] =
        ReadLittleEndian<uint64_t>(bytes.substr(kMagic.size() + i * sizeof(uint64_t)));
  }
  return true;
}

}  // namespace

std::string EncodeSegmentHeader(const StreamCounters& next_sequence) {
  std::string header(kMagic);
  for (uint64_t value : next_sequence) AppendLittleEndian(value, &header);
  AppendLittleEndian(Crc32c(header), &header);
  return header;
}

std::string EncodeRecord(const v1::Chunk& chunk) {
  const std::string bytes = chunk.SerializeAsString();
  std::string record;
  record.reserve(kRecordHeaderBytes + bytes.size());
  AppendLittleEndian(static_cast<uint32_t>(bytes.size()), &record);
  AppendLittleEndian(Crc32c(bytes), &record);
  record += bytes;
  return record;
}

absl::StatusOr<v1::Chunk> DecodeRecord(absl::string_view bytes) {
  v1::Chunk chunk;
  if (bytes.size() < kRecordHeaderBytes) return absl::DataLossError("the record is cut off");
  const absl::string_view body = bytes.substr(kRecordHeaderBytes);
  if (ReadLittleEndian<uint32_t>(bytes) != body.size() ||
      ReadLittleEndian<uint32_t>(bytes.substr(sizeof(uint32_t))) != Crc32c(body)) {
    return absl::DataLossError("the record's CRC-32C is wrong");
  }
  if (!chunk.ParseFromArray(body.data(), static_cast<int>(body.size())) ||
      !IsKnownStream(chunk.stream())) {
    return absl::DataLossError("the record holds no chunk");
  }
  return chunk;
}

SegmentContent ScanSegment(absl::string_view bytes, uint32_t segment) {
  SegmentContent content;
  content.header_ok = ReadHeader(bytes, &content.next_sequence);
  if (!content.header_ok) return content;
  uint64_t offset = kSegmentHeaderBytes;
  StreamCounters next = content.next_sequence;
  while (offset + kRecordHeaderBytes <= bytes.size()) {
    const uint64_t length =
        kRecordHeaderBytes + uint64_t{ReadLittleEndian<uint32_t>(bytes.substr(offset))};
    if (length > bytes.size() - offset) break;
    const absl::StatusOr<v1::Chunk> chunk = DecodeRecord(bytes.substr(offset, length));
    if (!chunk.ok() || chunk->sequence() != next[StreamIndex(chunk->stream())]) break;
    ++next[StreamIndex(chunk->stream())];
    content.chunks.push_back({chunk->stream(), chunk->sequence(), segment,
                              static_cast<uint32_t>(offset), static_cast<uint32_t>(length)});
    offset += length;
  }
  content.good_bytes = offset;
  return content;
}

}  // namespace tinyjoule
