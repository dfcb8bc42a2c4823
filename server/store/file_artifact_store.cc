// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/file_artifact_store.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/digest.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kPieceBytes = 1024 * 1024;

class FileArtifactStore final : public ArtifactStore {
 public:
  FileArtifactStore(FileSystem& files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  absl::StatusOr<std::string> Put(absl::string_view bytes) override {
    const std::string sha256 = Sha256Hex(bytes);
    if (IsIntact(sha256, bytes.size())) return sha256;
    TJ_RETURN_IF_ERROR(files_.CreateFolder(FolderOf(PathOf(sha256))));
    TJ_RETURN_IF_ERROR(files_.WriteFileAtomically(PathOf(sha256), bytes));
    return sha256;
  }

  absl::StatusOr<std::string> Ingest(const std::string& path,
                                     absl::string_view expected_sha256) override {
    TJ_ASSIGN_OR_RETURN(const std::string sha256, HashFile(path));
    if (!expected_sha256.empty() && sha256 != expected_sha256) {
      return absl::DataLossError(
          absl::StrCat(path, " has SHA-256 ", sha256, ", expected ", expected_sha256));
    }
    TJ_ASSIGN_OR_RETURN(const uint64_t size, files_.FileSize(path));
    if (IsIntact(sha256, size)) {
      TJ_RETURN_IF_ERROR(files_.RemoveFile(path));
      return sha256;
    }
    TJ_RETURN_IF_ERROR(Adopt(path, PathOf(sha256)));
    return sha256;
  }

  std::string TemporaryPath() override {
    return JoinPath(TemporaryFolder(), absl::StrCat("new-", next_temporary_.fetch_add(1)));
  }

  bool Has(absl::string_view sha256) override {
    return IsSha256Hex(sha256) && files_.Exists(PathOf(sha256));
  }

  std::string PathOf(absl::string_view sha256) override {
    return absl::StrCat(folder_, "/", sha256.substr(0, 2), "/", sha256.substr(2, 2), "/", sha256);
  }

  absl::StatusOr<uint64_t> Size(absl::string_view sha256) override {
    TJ_RETURN_IF_ERROR(CheckName(sha256));
    return files_.FileSize(PathOf(sha256));
  }

  absl::StatusOr<std::string> Read(absl::string_view sha256) override {
    TJ_RETURN_IF_ERROR(CheckName(sha256));
    TJ_ASSIGN_OR_RETURN(std::string bytes, files_.ReadFile(PathOf(sha256)));
    if (Sha256Hex(bytes) != sha256) return Damaged(sha256);
    return bytes;
  }

  absl::Status Verify(absl::string_view sha256) override {
    TJ_RETURN_IF_ERROR(CheckName(sha256));
    TJ_ASSIGN_OR_RETURN(const std::string found, HashFile(PathOf(sha256)));
    return found == sha256 ? absl::OkStatus() : Damaged(sha256);
  }

  // What a crash left of unfinished uploads is worthless.
  absl::Status Prepare() {
    TJ_RETURN_IF_ERROR(files_.RemoveTree(TemporaryFolder()));
    return files_.CreateFolder(TemporaryFolder());
  }

 private:
  std::string TemporaryFolder() const { return JoinPath(folder_, "tmp"); }

  static absl::Status CheckName(absl::string_view sha256) {
    if (IsSha256Hex(sha256)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("\"", sha256, "\" is not a SHA-256"));
  }

  absl::Status Damaged(absl::string_view sha256) {
    return absl::DataLossError(
        absl::StrCat("artifact ", PathOf(sha256), " is damaged: its bytes have another hash"));
  }

  // A damaged copy is written anew by whoever brings the bytes again.
  bool IsIntact(const std::string& sha256, uint64_t size) {
    const auto found = files_.FileSize(PathOf(sha256));
    return found.ok() && *found == size && Verify(sha256).ok();
  }

  absl::StatusOr<std::string> HashFile(const std::string& path) {
    TJ_ASSIGN_OR_RETURN(const uint64_t size, files_.FileSize(path));
    Sha256 digest;
    for (uint64_t offset = 0; offset < size; offset += kPieceBytes) {
      TJ_ASSIGN_OR_RETURN(const std::string piece, files_.ReadRange(path, offset, kPieceBytes));
      digest.Update(piece);
    }
    return digest.HexDigest();
  }

  // Syncs the file before it gets its name, and the folder after.
  absl::Status Adopt(const std::string& path, const std::string& target) {
    TJ_RETURN_IF_ERROR(files_.CreateFolder(FolderOf(target)));
    {
      TJ_ASSIGN_OR_RETURN(const auto file, files_.OpenForAppend(path));
      TJ_RETURN_IF_ERROR(file->Sync());
    }
    if (!files_.Rename(path, target).ok()) TJ_RETURN_IF_ERROR(CopyAndRename(path, target));
    return files_.SyncFolder(FolderOf(target));
  }

  // For files on another file system, where a rename fails.
  absl::Status CopyAndRename(const std::string& path, const std::string& target) {
    const std::string temporary = TemporaryPath();
    TJ_RETURN_IF_ERROR(Copy(path, temporary));
    TJ_RETURN_IF_ERROR(files_.Rename(temporary, target));
    return files_.RemoveFile(path);
  }

  absl::Status Copy(const std::string& from, const std::string& to) {
    TJ_ASSIGN_OR_RETURN(const uint64_t size, files_.FileSize(from));
    TJ_ASSIGN_OR_RETURN(const auto file, files_.OpenForAppend(to));
    for (uint64_t offset = 0; offset < size; offset += kPieceBytes) {
      TJ_ASSIGN_OR_RETURN(const std::string piece, files_.ReadRange(from, offset, kPieceBytes));
      TJ_RETURN_IF_ERROR(file->Append(piece));
    }
    return file->Sync();
  }

  FileSystem& files_;
  const std::string folder_;
  std::atomic<uint64_t> next_temporary_{0};
};

}  // namespace

absl::StatusOr<std::unique_ptr<ArtifactStore>> OpenFileArtifactStore(FileSystem& files,
                                                                     const std::string& folder) {
  auto store = std::make_unique<FileArtifactStore>(files, folder);
  TJ_RETURN_IF_ERROR(store->Prepare());
  return store;
}

}  // namespace tinyjoule
