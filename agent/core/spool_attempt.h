// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_SPOOL_ATTEMPT_H_
#define AGENT_CORE_SPOOL_ATTEMPT_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/spool_segment.h"
#include "common/base/file_system.h"
#include "common/energy/attempt_key.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// The folder of one attempt: the file "job" and numbered segments. Part of Spool.
class SpoolAttempt {
 public:
  // A new folder. On failure nothing is left behind.
  static absl::StatusOr<std::unique_ptr<SpoolAttempt>> Create(FileSystem& file_system,
                                                              std::string folder,
                                                              const v1::JobSpec& job,
                                                              uint64_t segment_bytes);
  // A folder that an earlier process left. Cuts a torn tail; adds its bytes to `cut_bytes`.
  // NotFound: it has no job; DataLoss: it is damaged in a place that no crash explains.
  static absl::StatusOr<std::unique_ptr<SpoolAttempt>> Recover(FileSystem& file_system,
                                                               std::string folder,
                                                               uint64_t segment_bytes,
                                                               uint64_t* cut_bytes);

  const AttemptKey& key() const { return key_; }
  uint64_t size_bytes() const;
  uint64_t next_sequence(v1::ChunkStream stream) const { return next_[StreamIndex(stream)]; }
  bool has_result() const { return next_sequence(v1::CHUNK_STREAM_RESULT) > 0; }
  // There is a result, and everything is acknowledged.
  bool done() const { return has_result() && chunks_.empty(); }

  [[nodiscard]] absl::Status Append(v1::ChunkStream stream, std::string payload);
  // As Spool::Next, within this attempt.
  absl::StatusOr<std::optional<v1::Chunk>> Next(uint64_t* position);
  void Acknowledge(v1::ChunkStream stream, uint64_t sequence);
  [[nodiscard]] absl::Status Remove();

 private:
  SpoolAttempt(FileSystem& file_system, std::string folder, AttemptKey key, uint64_t segment_bytes);
  std::string SegmentPath(uint32_t segment) const;
  [[nodiscard]] absl::Status RecoverSegments(uint64_t* cut_bytes);
  [[nodiscard]] absl::Status RecoverSegment(uint32_t segment, uint64_t* cut_bytes);
  [[nodiscard]] absl::Status RollBackTo(const StreamCounters& next_sequence,
                                        const std::string& path);
  [[nodiscard]] absl::Status OpenSegment();
  [[nodiscard]] absl::Status WriteRecord(const std::string& record);
  void CloseBrokenSegment();
  bool IsAcknowledged(const SpooledChunk& chunk) const;
  void RemoveFreeSegments();

  FileSystem& file_system_;
  const std::string folder_;
  const AttemptKey key_;
  const uint64_t segment_bytes_;
  StreamCounters next_ = {};
  // Chunks below it are acknowledged.
  StreamCounters acknowledged_ = {};
  // Not acknowledged, in the order of Append; the first one has position first_position_.
  std::deque<SpooledChunk> chunks_;
  uint64_t first_position_ = 0;
  // Good bytes of every segment on disk.
  std::map<uint32_t, uint64_t> segments_;
  uint32_t next_segment_ = 0;
  // The last segment while it takes records.
  std::unique_ptr<AppendFile> file_;
  uint32_t open_segment_ = 0;
  // Set when a broken segment could not be cut: appending more could repeat a sequence.
  absl::Status broken_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_SPOOL_ATTEMPT_H_
