// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_FILE_SYSTEM_H_
#define COMMON_BASE_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// A file open for appending. Not thread-safe. After a failed Append or Sync the file's tail is
// unknown: close it and do not write to it again.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  [[nodiscard]] virtual absl::Status Append(absl::string_view bytes) = 0;
  // On stable storage when it returns OK (fdatasync).
  [[nodiscard]] virtual absl::Status Sync() = 0;
};

// One door to files, so that a test can fill the disk or drop unsynced writes. Thread-safe.
// Errors: NotFound, AlreadyExists, ResourceExhausted (ENOSPC), PermissionDenied, ...
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path) = 0;
  // Bytes [offset, offset + length), fewer at the end of the file.
  virtual absl::StatusOr<std::string> ReadRange(const std::string& path, uint64_t offset,
                                                uint64_t length) = 0;
  // The file has the old or the new content whatever happens: temporary file, sync, rename, sync
  // of the folder.
  [[nodiscard]] virtual absl::Status WriteFileAtomically(const std::string& path,
                                                         absl::string_view bytes) = 0;
  // Creates the file when it is not there.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> OpenForAppend(const std::string& path) = 0;
  [[nodiscard]] virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // OK when there was none.
  [[nodiscard]] virtual absl::Status RemoveFile(const std::string& path) = 0;
  [[nodiscard]] virtual absl::Status RemoveTree(const std::string& path) = 0;
  // With all its parents; OK when it was there.
  [[nodiscard]] virtual absl::Status CreateFolder(const std::string& path) = 0;
  [[nodiscard]] virtual absl::Status SyncFolder(const std::string& path) = 0;
  // Names in a folder, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  virtual absl::StatusOr<uint64_t> FileSize(const std::string& path) = 0;
  [[nodiscard]] virtual absl::Status Truncate(const std::string& path, uint64_t size) = 0;
  // Bytes that an ordinary user may still write below `path`.
  virtual absl::StatusOr<uint64_t> FreeSpace(const std::string& path) = 0;
};

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::string> ReadFile(const std::string& path) override;
  absl::StatusOr<std::string> ReadRange(const std::string& path, uint64_t offset,
                                        uint64_t length) override;
  absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenForAppend(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveTree(const std::string& path) override;
  absl::Status CreateFolder(const std::string& path) override;
  absl::Status SyncFolder(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) override;
  bool Exists(const std::string& path) override;
  absl::StatusOr<uint64_t> FileSize(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t size) override;
  absl::StatusOr<uint64_t> FreeSpace(const std::string& path) override;
};

// "folder/name"; `name` itself when it is absolute or the folder is empty.
std::string JoinPath(absl::string_view folder, absl::string_view name);
// Everything before the last '/'; "." when there is none.
std::string FolderOf(absl::string_view path);

}  // namespace tinyjoule

#endif  // COMMON_BASE_FILE_SYSTEM_H_
