// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/spool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

std::string AttemptFolder(const std::string& folder, uint64_t ordinal) {
  return JoinPath(folder, absl::StrFormat("%010d", ordinal));
}

}  // namespace

Spool::Spool(FileSystem& file_system, Options options)
    : file_system_(file_system), options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(FileSystem& file_system,
                                                   const Options& options) {
  std::unique_ptr<Spool> spool(new Spool(file_system, options));
  if (absl::Status status = spool->Recover(); !status.ok()) {
    return Annotate(status, absl::StrCat("cannot open the spool ", options.folder));
  }
  return spool;
}

absl::Status Spool::Recover() {
  TJ_RETURN_IF_ERROR(file_system_.CreateFolder(options_.folder));
  TJ_ASSIGN_OR_RETURN(const auto names, file_system_.ListFolder(options_.folder));
  for (const std::string& name : names) {
    uint64_t ordinal = 0;
    if (!absl::SimpleAtoi(name, &ordinal)) continue;
    next_ordinal_ = std::max(next_ordinal_, ordinal + 1);
    const std::string folder = JoinPath(options_.folder, name);
    absl::StatusOr<std::unique_ptr<SpoolAttempt>> attempt =
        SpoolAttempt::Recover(file_system_, folder, options_.segment_bytes, &recovered_tail_bytes_);
    if (absl::IsNotFound(attempt.status())) {
      // A crash between the folder and its job: the offer was never answered.
      TJ_RETURN_IF_ERROR(file_system_.RemoveTree(folder));
    } else if (absl::IsDataLoss(attempt.status())) {
      spdlog::error("the spool keeps {} aside: {}", folder,
                    std::string(attempt.status().message()));
    } else if (!attempt.ok()) {
      return attempt.status();
    } else if ((*attempt)->done()) {
      TJ_RETURN_IF_ERROR((*attempt)->Remove());
    } else {
      attempts_[ordinal] = *std::move(attempt);
    }
  }
  return absl::OkStatus();
}

uint64_t Spool::RoomBytes() {
  const uint64_t used = size_bytes();
  const uint64_t free = file_system_.FreeSpace(options_.folder).value_or(0);
  return used >= options_.limit_bytes ? 0 : std::min(options_.limit_bytes - used, free);
}

absl::Status Spool::CheckRoom() {
  const uint64_t used = size_bytes();
  if (used >= options_.limit_bytes / 10 * 9) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("the spool is over 90 %% full: %d of %d bytes wait for the coordinator",
                        used, options_.limit_bytes));
  }
  TJ_ASSIGN_OR_RETURN(const uint64_t free, file_system_.FreeSpace(options_.folder));
  if (free < options_.min_free_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("the disk of %s has %d bytes left; %d are needed", options_.folder, free,
                        options_.min_free_bytes));
  }
  return absl::OkStatus();
}

absl::Status Spool::Begin(const v1::JobSpec& job) {
  if (Contains(KeyOf(job))) {
    return absl::AlreadyExistsError(absl::StrCat(KeyOf(job).ToString(), " is in the spool"));
  }
  TJ_ASSIGN_OR_RETURN(
      attempts_[next_ordinal_],
      SpoolAttempt::Create(file_system_, AttemptFolder(options_.folder, next_ordinal_), job,
                           options_.segment_bytes));
  ++next_ordinal_;
  return absl::OkStatus();
}

absl::Status Spool::Append(const AttemptKey& key, v1::ChunkStream stream, std::string payload) {
  SpoolAttempt* attempt = Find(key);
  if (attempt == nullptr) {
    return absl::NotFoundError(absl::StrCat(key.ToString(), " is not in the spool"));
  }
  return attempt->Append(stream, std::move(payload));
}

uint64_t Spool::CountOf(const AttemptKey& key, v1::ChunkStream stream) const {
  const SpoolAttempt* attempt = Find(key);
  return attempt == nullptr ? 0 : attempt->next_sequence(stream);
}

absl::StatusOr<std::optional<v1::Chunk>> Spool::Next(Cursor* cursor) {
  for (auto entry = attempts_.lower_bound(cursor->ordinal); entry != attempts_.end(); ++entry) {
    if (entry->first != cursor->ordinal) *cursor = {entry->first, 0};
    TJ_ASSIGN_OR_RETURN(std::optional<v1::Chunk> chunk, entry->second->Next(&cursor->position));
    if (chunk) return chunk;
    // More comes to an attempt that has no result: the walk stays there.
    if (!entry->second->has_result()) break;
  }
  return std::optional<v1::Chunk>();
}

void Spool::Acknowledge(const AttemptKey& key, v1::ChunkStream stream, uint64_t sequence) {
  SpoolAttempt* attempt = Find(key);
  if (attempt == nullptr || !IsKnownStream(stream)) return;
  attempt->Acknowledge(stream, sequence);
  if (!attempt->done()) return;
  if (absl::Status status = attempt->Remove(); !status.ok()) {
    // The next start removes the rest, or finds the attempt whole and sends it again.
    spdlog::warn("cannot remove {} from the spool: {}", key.ToString(),
                 std::string(status.message()));
  }
  const auto is_done = [attempt](const auto& entry) { return entry.second.get() == attempt; };
  attempts_.erase(std::find_if(attempts_.begin(), attempts_.end(), is_done));
}

std::vector<AttemptKey> Spool::Unfinished() const {
  std::vector<AttemptKey> keys;
  for (const auto& [ordinal, attempt] : attempts_) {
    if (!attempt->has_result()) keys.push_back(attempt->key());
  }
  return keys;
}

uint64_t Spool::size_bytes() const {
  uint64_t size = 0;
  for (const auto& [ordinal, attempt] : attempts_) size += attempt->size_bytes();
  return size;
}

const SpoolAttempt* Spool::Find(const AttemptKey& key) const {
  for (const auto& [ordinal, attempt] : attempts_) {
    if (attempt->key() == key) return attempt.get();
  }
  return nullptr;
}

SpoolAttempt* Spool::Find(const AttemptKey& key) {
  return const_cast<SpoolAttempt*>(static_cast<const Spool*>(this)->Find(key));
}

}  // namespace tinyjoule
