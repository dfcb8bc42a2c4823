// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/artifact_cache.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/digest.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr char kOrderFile[] = "order";
constexpr char kPartialSuffix[] = ".partial";
constexpr uint64_t kHashPieceBytes = 1 << 20;
// A run needs its model and its inputs at the same time.
constexpr size_t kAlwaysKept = 2;

absl::StatusOr<std::string> HashFile(FileSystem& file_system, const std::string& path) {
  Sha256 hash;
  for (uint64_t offset = 0;;) {
    TJ_ASSIGN_OR_RETURN(const std::string piece,
                        file_system.ReadRange(path, offset, kHashPieceBytes));
    if (piece.empty()) return hash.HexDigest();
    hash.Update(piece);
    offset += piece.size();
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ArtifactCache>> ArtifactCache::Open(FileSystem& file_system,
                                                                   const Options& options) {
  std::unique_ptr<ArtifactCache> cache(new ArtifactCache(file_system, options));
  if (absl::Status status = cache->Load(); !status.ok()) {
    return Annotate(status, absl::StrCat("cannot open the artifact cache ", options.folder));
  }
  return cache;
}

// The order is only a hint: files that it does not name count as oldest.
absl::Status ArtifactCache::Load() {
  TJ_RETURN_IF_ERROR(file_system_.CreateFolder(options_.folder));
  TJ_ASSIGN_OR_RETURN(const auto names, file_system_.ListFolder(options_.folder));
  const absl::StatusOr<std::string> saved =
      file_system_.ReadFile(JoinPath(options_.folder, kOrderFile));
  const std::vector<std::string> known = absl::StrSplit(saved.value_or(""), '\n');
  std::copy_if(names.begin(), names.end(), std::back_inserter(order_),
               [](const auto& name) { return IsSha256Hex(name); });
  const auto rank = [&known](const std::string& name) {
    const auto found = std::find(known.begin(), known.end(), name);
    return found == known.end() ? -1 : found - known.begin();
  };
  std::stable_sort(order_.begin(), order_.end(),
                   [&rank](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return absl::OkStatus();
}

std::string ArtifactCache::PathOf(const std::string& sha256) const {
  return JoinPath(options_.folder, sha256);
}

std::string ArtifactCache::PartialPathOf(const std::string& sha256) const {
  return absl::StrCat(PathOf(sha256), kPartialSuffix);
}

absl::StatusOr<std::string> ArtifactCache::Ensure(const std::string& sha256, ArtifactSource& source,
                                                  const std::function<absl::Status()>& keep_going) {
  if (!IsSha256Hex(sha256)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", sha256, "\" is no SHA-256"));
  }
  const std::string path = PathOf(sha256);
  if (!file_system_.Exists(path) || !Verify(path, sha256).ok()) {
    const bool resumed = file_system_.Exists(PartialPathOf(sha256));
    absl::Status status = Download(sha256, source, keep_going);
    // A power loss may have left a piece that was never written in full.
    if (resumed && absl::IsDataLoss(status)) status = Download(sha256, source, keep_going);
    TJ_RETURN_IF_ERROR(status);
  }
  MarkUsed(sha256);
  MakeRoom();
  return path;
}

absl::Status ArtifactCache::Verify(const std::string& path, const std::string& sha256) {
  TJ_ASSIGN_OR_RETURN(const std::string hash, HashFile(file_system_, path));
  if (hash == sha256) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(file_system_.RemoveFile(path));
  return absl::DataLossError(absl::StrCat("artifact ", sha256, " came with the hash ", hash));
}

absl::Status ArtifactCache::Download(const std::string& sha256, ArtifactSource& source,
                                     const std::function<absl::Status()>& keep_going) {
  const std::string partial = PartialPathOf(sha256);
  const uint64_t offset =
      file_system_.Exists(partial) ? file_system_.FileSize(partial).value_or(0) : 0;
  TJ_ASSIGN_OR_RETURN(const auto file, file_system_.OpenForAppend(partial));
  const absl::Status fetched =
      source.Fetch(sha256, offset, [&file, &keep_going](absl::string_view bytes) {
        const absl::Status status = keep_going();
        return status.ok() ? file->Append(bytes) : status;
      });
  TJ_RETURN_IF_ERROR(fetched);
  TJ_RETURN_IF_ERROR(file->Sync());
  TJ_RETURN_IF_ERROR(Verify(partial, sha256));
  TJ_RETURN_IF_ERROR(file_system_.Rename(partial, PathOf(sha256)));
  return file_system_.SyncFolder(options_.folder);
}

void ArtifactCache::MarkUsed(const std::string& sha256) {
  order_.erase(std::remove(order_.begin(), order_.end(), sha256), order_.end());
  order_.push_back(sha256);
  // A lost hint costs a worse choice later, never a wrong file.
  file_system_
      .WriteFileAtomically(JoinPath(options_.folder, kOrderFile), absl::StrJoin(order_, "\n"))
      .IgnoreError();
}

void ArtifactCache::MakeRoom() {
  uint64_t used = 0;
  for (const std::string& name : order_) {
    used += file_system_.FileSize(PathOf(name)).value_or(0);
  }
  while (used > options_.limit_bytes && order_.size() > kAlwaysKept) {
    used -= file_system_.FileSize(PathOf(order_.front())).value_or(0);
    file_system_.RemoveFile(PathOf(order_.front())).IgnoreError();
    order_.erase(order_.begin());
  }
}

}  // namespace tinyjoule
