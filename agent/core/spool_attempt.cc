// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/spool_attempt.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/energy/chunk.h"

namespace tinyjoule {
namespace {

constexpr char kJobFile[] = "job";
constexpr absl::string_view kSegmentSuffix = ".chunks";

std::optional<uint32_t> SegmentNumber(absl::string_view name) {
  uint32_t number = 0;
  if (!absl::ConsumeSuffix(&name, kSegmentSuffix) || !absl::SimpleAtoi(name, &number)) {
    return std::nullopt;
  }
  return number;
}

absl::Status WriteJob(FileSystem& file_system, const std::string& folder, const v1::JobSpec& job) {
  TJ_RETURN_IF_ERROR(file_system.CreateFolder(folder));
  TJ_RETURN_IF_ERROR(
      file_system.WriteFileAtomically(JoinPath(folder, kJobFile), job.SerializeAsString()));
  return file_system.SyncFolder(FolderOf(folder));
}

}  // namespace

SpoolAttempt::SpoolAttempt(FileSystem& file_system, std::string folder, AttemptKey key,
                           uint64_t segment_bytes)
    : file_system_(file_system),
      folder_(std::move(folder)),
      key_(std::move(key)),
      segment_bytes_(segment_bytes) {}

absl::StatusOr<std::unique_ptr<SpoolAttempt>> SpoolAttempt::Create(FileSystem& file_system,
                                                                   std::string folder,
                                                                   const v1::JobSpec& job,
                                                                   uint64_t segment_bytes) {
  if (absl::Status status = WriteJob(file_system, folder, job); !status.ok()) {
    file_system.RemoveTree(folder).IgnoreError();
    return status;
  }
  return std::unique_ptr<SpoolAttempt>(
      new SpoolAttempt(file_system, std::move(folder), KeyOf(job), segment_bytes));
}

absl::StatusOr<std::unique_ptr<SpoolAttempt>> SpoolAttempt::Recover(FileSystem& file_system,
                                                                    std::string folder,
                                                                    uint64_t segment_bytes,
                                                                    uint64_t* cut_bytes) {
  TJ_ASSIGN_OR_RETURN(const std::string bytes, file_system.ReadFile(JoinPath(folder, kJobFile)));
  v1::JobSpec job;
  if (!job.ParseFromString(bytes) || job.run_id().empty() || job.attempt() == 0) {
    return absl::DataLossError(absl::StrCat(folder, "/", kJobFile, " holds no job"));
  }
  std::unique_ptr<SpoolAttempt> attempt(
      new SpoolAttempt(file_system, std::move(folder), KeyOf(job), segment_bytes));
  TJ_RETURN_IF_ERROR(attempt->RecoverSegments(cut_bytes));
  return attempt;
}

std::string SpoolAttempt::SegmentPath(uint32_t segment) const {
  return JoinPath(folder_, absl::StrFormat("%010d%s", segment, kSegmentSuffix));
}

// Numbers have ten digits, so the order of names is the order of segments.
absl::Status SpoolAttempt::RecoverSegments(uint64_t* cut_bytes) {
  TJ_ASSIGN_OR_RETURN(const std::vector<std::string> names, file_system_.ListFolder(folder_));
  for (const std::string& name : names) {
    const std::optional<uint32_t> segment = SegmentNumber(name);
    if (!segment) continue;
    next_segment_ = *segment + 1;
    TJ_RETURN_IF_ERROR(RecoverSegment(*segment, cut_bytes));
  }
  return absl::OkStatus();
}

absl::Status SpoolAttempt::RecoverSegment(uint32_t segment, uint64_t* cut_bytes) {
  const std::string path = SegmentPath(segment);
  TJ_ASSIGN_OR_RETURN(const std::string bytes, file_system_.ReadFile(path));
  const SegmentContent content = ScanSegment(bytes, segment);
  if (!content.header_ok && bytes.size() <= kSegmentHeaderBytes) {
    *cut_bytes += bytes.size();
    return file_system_.RemoveFile(path);
  }
  if (!content.header_ok) return absl::DataLossError(absl::StrCat(path, " has a damaged header"));
  // Chunks below the first segment's counters were acknowledged, or it would not be the first.
  if (segments_.empty()) next_ = acknowledged_ = content.next_sequence;
  TJ_RETURN_IF_ERROR(RollBackTo(content.next_sequence, path));
  for (const SpooledChunk& chunk : content.chunks) ++next_[StreamIndex(chunk.stream)];
  chunks_.insert(chunks_.end(), content.chunks.begin(), content.chunks.end());
  segments_[segment] = content.good_bytes;
  if (content.good_bytes == bytes.size()) return absl::OkStatus();
  *cut_bytes += bytes.size() - content.good_bytes;
  return file_system_.Truncate(path, content.good_bytes);
}

// A segment that begins below the counters was written after a write had failed and its tail had
// been cut, but the cut did not reach the disk: the later segment knows better.
absl::Status SpoolAttempt::RollBackTo(const StreamCounters& next_sequence,
                                      const std::string& path) {
  for (size_t i = 0; i < next_.size(); ++i) {
    if (next_sequence[i] > next_[i]) {
      return absl::DataLossError(absl::StrCat("chunks before ", path, " are missing"));
    }
  }
  const auto is_void = [&next_sequence](const SpooledChunk& chunk) {
    return chunk.sequence >= next_sequence[StreamIndex(chunk.stream)];
  };
  chunks_.erase(std::remove_if(chunks_.begin(), chunks_.end(), is_void), chunks_.end());
  next_ = next_sequence;
  return absl::OkStatus();
}

uint64_t SpoolAttempt::size_bytes() const {
  uint64_t size = 0;
  for (const auto& [segment, bytes] : segments_) size += bytes;
  return size;
}

absl::Status SpoolAttempt::Append(v1::ChunkStream stream, std::string payload) {
  TJ_RETURN_IF_ERROR(broken_);
  if (has_result()) {
    return absl::FailedPreconditionError(absl::StrCat(key_.ToString(), " has its result already"));
  }
  TJ_ASSIGN_OR_RETURN(const v1::Chunk chunk, MakeChunk(key_.run_id, key_.attempt, stream,
                                                       next_sequence(stream), std::move(payload)));
  const std::string record = EncodeRecord(chunk);
  if (absl::Status status = WriteRecord(record); !status.ok()) {
    CloseBrokenSegment();
    return Annotate(status, absl::StrCat("spool of ", key_.ToString()));
  }
  const uint64_t offset = segments_[open_segment_];
  chunks_.push_back({stream, chunk.sequence(), open_segment_, static_cast<uint32_t>(offset),
                     static_cast<uint32_t>(record.size())});
  segments_[open_segment_] = offset + record.size();
  ++next_[StreamIndex(stream)];
  return absl::OkStatus();
}

absl::Status SpoolAttempt::WriteRecord(const std::string& record) {
  if (file_ == nullptr || segments_[open_segment_] >= segment_bytes_) {
    TJ_RETURN_IF_ERROR(OpenSegment());
  }
  TJ_RETURN_IF_ERROR(file_->Append(record));
  return file_->Sync();
}

absl::Status SpoolAttempt::OpenSegment() {
  file_.reset();
  open_segment_ = next_segment_;
  segments_[open_segment_] = 0;
  TJ_ASSIGN_OR_RETURN(file_, file_system_.OpenForAppend(SegmentPath(open_segment_)));
  ++next_segment_;
  TJ_RETURN_IF_ERROR(file_->Append(EncodeSegmentHeader(next_)));
  TJ_RETURN_IF_ERROR(file_system_.SyncFolder(folder_));
  segments_[open_segment_] = kSegmentHeaderBytes;
  return absl::OkStatus();
}

// After a failed write the tail is unknown: it goes, and no byte is written to that file again.
void SpoolAttempt::CloseBrokenSegment() {
  file_.reset();
  const auto segment = segments_.find(open_segment_);
  if (segment == segments_.end()) return;
  const std::string path = SegmentPath(open_segment_);
  const bool empty = segment->second <= kSegmentHeaderBytes;
  const absl::Status status =
      empty ? file_system_.RemoveFile(path) : file_system_.Truncate(path, segment->second);
  if (!status.ok() && file_system_.Exists(path)) {
    broken_ = Annotate(status, absl::StrCat("cannot cut a torn write off ", path));
  }
  if (empty) segments_.erase(segment);
}

absl::StatusOr<std::optional<v1::Chunk>> SpoolAttempt::Next(uint64_t* position) {
  *position = std::max(*position, first_position_);
  for (; *position - first_position_ < chunks_.size(); ++*position) {
    const SpooledChunk& chunk = chunks_[*position - first_position_];
    if (IsAcknowledged(chunk)) continue;
    const std::string path = SegmentPath(chunk.segment);
    TJ_ASSIGN_OR_RETURN(const std::string bytes,
                        file_system_.ReadRange(path, chunk.offset, chunk.length));
    absl::StatusOr<v1::Chunk> decoded = DecodeRecord(bytes);
    if (!decoded.ok()) {
      return Annotate(decoded.status(), absl::StrCat(path, " at byte ", chunk.offset));
    }
    ++*position;
    return std::optional<v1::Chunk>(*std::move(decoded));
  }
  return std::optional<v1::Chunk>();
}

bool SpoolAttempt::IsAcknowledged(const SpooledChunk& chunk) const {
  return chunk.sequence < acknowledged_[StreamIndex(chunk.stream)];
}

void SpoolAttempt::Acknowledge(v1::ChunkStream stream, uint64_t sequence) {
  const size_t index = StreamIndex(stream);
  // A peer that acknowledges what it cannot have is not believed.
  if (sequence >= next_[index]) return;
  acknowledged_[index] = std::max(acknowledged_[index], sequence + 1);
  while (!chunks_.empty() && IsAcknowledged(chunks_.front())) {
    chunks_.pop_front();
    ++first_position_;
  }
  RemoveFreeSegments();
}

// The newest segment stays: its header and records say what the next sequences are.
void SpoolAttempt::RemoveFreeSegments() {
  while (segments_.size() > 1) {
    const uint32_t oldest = segments_.begin()->first;
    if (!chunks_.empty() && chunks_.front().segment <= oldest) return;
    if (!file_system_.RemoveFile(SegmentPath(oldest)).ok()) return;
    segments_.erase(segments_.begin());
  }
}

// The job goes first, for good: segments that outlive a crash in the middle must not look like an
// attempt that was interrupted.
absl::Status SpoolAttempt::Remove() {
  file_.reset();
  TJ_RETURN_IF_ERROR(file_system_.RemoveFile(JoinPath(folder_, kJobFile)));
  TJ_RETURN_IF_ERROR(file_system_.SyncFolder(folder_));
  return file_system_.RemoveTree(folder_);
}

}  // namespace tinyjoule
