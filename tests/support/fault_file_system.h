// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAULT_FILE_SYSTEM_H_
#define TESTS_SUPPORT_FAULT_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file_system.h"

namespace tinyjoule {

// Files in memory that fail on request. Content that was not synced is lost, or torn, by
// LosePower(). One thread.
class FaultFileSystem final : public FileSystem {
 public:
  // Writes fail with ResourceExhausted once the files hold so many bytes.
  void set_capacity(uint64_t bytes) { capacity_ = bytes; }
  // The write (Append, Sync, WriteFileAtomically) after `count` further ones fails with `status`,
  // and every one after it until ClearFault().
  void FailWritesAfter(uint64_t count, absl::Status status) {
    writes_until_fault_ = count;
    fault_ = std::move(status);
    armed_ = true;
  }
  void ClearFault() { armed_ = false; }
  // RemoveTree fails, and removes nothing, while the status is an error.
  void set_remove_tree_error(absl::Status status) { remove_tree_error_ = std::move(status); }
  uint64_t faults_fired() const { return faults_fired_; }
  uint64_t writes() const { return writes_; }
  // Every file goes back to its last synced content, plus `kept` bytes of what came after.
  void LosePower(uint64_t kept = 0);
  // Flips one bit of a file.
  void Corrupt(const std::string& path, uint64_t offset) { files_.at(path).bytes[offset] ^= 1; }

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

 private:
  friend class FaultAppendFile;
  struct File {
    std::string bytes;
    uint64_t synced = 0;
  };
  absl::Status CountWrite(const std::string& path, uint64_t added_bytes);
  uint64_t UsedBytes() const;

  std::map<std::string, File> files_;
  std::map<std::string, bool> folders_;
  uint64_t capacity_ = UINT64_MAX;
  bool armed_ = false;
  uint64_t writes_until_fault_ = 0;
  absl::Status fault_;
  absl::Status remove_tree_error_;
  uint64_t faults_fired_ = 0;
  uint64_t writes_ = 0;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAULT_FILE_SYSTEM_H_
