// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_SPOOL_H_
#define AGENT_CORE_SPOOL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/spool_attempt.h"
#include "common/base/file_system.h"
#include "common/energy/attempt_key.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// The chunks that the coordinator has not acknowledged, on disk, until it has.
//   1. Open() recovers what a crash left: a torn tail is cut, everything before it is kept.
//   2. Begin() a job, Append() its chunks: each is on stable storage when the call returns OK.
//   3. Next() walks over what is not acknowledged, attempts in the order of Begin, chunks in the
//      order of Append; it does not go past an attempt that has no result yet.
//   4. Acknowledge() frees whole segments; an attempt whose result is acknowledged, with everything
//      before it, is gone.
// A failed write breaks nothing that was appended: the torn tail is cut and the next Append goes to
// a new segment, under the same sequence. Lives on the core sequence.
class Spool {
 public:
  struct Options {
    // Created when it is not there.
    std::string folder;
    // New work is refused at 90 % of it; the data of a running measurement never is.
    uint64_t limit_bytes = uint64_t{1} << 30;
    uint64_t segment_bytes = 1 << 20;
    // New work is also refused when the disk has less space left.
    uint64_t min_free_bytes = 32 << 20;
  };
  // A place in the walk: everything before it was given out.
  struct Cursor {
    uint64_t ordinal = 0;
    uint64_t position = 0;
  };

  // The file system outlives the spool.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(FileSystem& file_system,
                                                     const Options& options);

  // OK, or ResourceExhausted and why there is no room for another attempt.
  [[nodiscard]] absl::Status CheckRoom();
  // Bytes that a running attempt may still append before its data crowds out new work, or fills the
  // disk.
  uint64_t RoomBytes();
  // AlreadyExists when the attempt is there.
  [[nodiscard]] absl::Status Begin(const v1::JobSpec& job);
  bool Contains(const AttemptKey& key) const { return Find(key) != nullptr; }
  // Gives the chunk the stream's next sequence. NotFound: no such attempt; FailedPrecondition:
  // it has its result; InvalidArgument: over 64 KiB; anything else: the write failed.
  [[nodiscard]] absl::Status Append(const AttemptKey& key, v1::ChunkStream stream,
                                    std::string payload);
  // How many chunks a stream got so far.
  uint64_t CountOf(const AttemptKey& key, v1::ChunkStream stream) const;

  // The first chunk at or after the cursor that is not acknowledged, and moves the cursor behind
  // it; nothing at the end. DataLoss and the like when it cannot be read.
  absl::StatusOr<std::optional<v1::Chunk>> Next(Cursor* cursor);
  // Every chunk of the stream up to and with `sequence`. Unknown attempts and sequences are
  // ignored: acknowledgements may come twice.
  void Acknowledge(const AttemptKey& key, v1::ChunkStream stream, uint64_t sequence);

  // Attempts without a result, oldest first: after Open, those that a crash interrupted.
  std::vector<AttemptKey> Unfinished() const;
  bool empty() const { return attempts_.empty(); }
  uint64_t size_bytes() const;
  // Bytes cut off by Open; not 0 after a crash in the middle of a write.
  uint64_t recovered_tail_bytes() const { return recovered_tail_bytes_; }

 private:
  Spool(FileSystem& file_system, Options options);
  [[nodiscard]] absl::Status Recover();
  const SpoolAttempt* Find(const AttemptKey& key) const;
  SpoolAttempt* Find(const AttemptKey& key);

  FileSystem& file_system_;
  const Options options_;
  // By order of Begin.
  std::map<uint64_t, std::unique_ptr<SpoolAttempt>> attempts_;
  uint64_t next_ordinal_ = 1;
  uint64_t recovered_tail_bytes_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_SPOOL_H_
