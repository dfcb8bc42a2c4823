// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_FILE_LOCK_H_
#define SERVER_STORE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tinyjoule {

// An exclusive lock on a file (flock), held until destruction or the end of the process; the file
// holds the owner's process id, for people.
class FileLock {
 public:
  // Creates the file when it is not there. FailedPrecondition, naming the other process, when
  // another one holds it.
  static absl::StatusOr<std::unique_ptr<FileLock>> Acquire(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int file_descriptor) : file_descriptor_(file_descriptor) {}
  const int file_descriptor_;
};

}  // namespace tinyjoule

#endif  // SERVER_STORE_FILE_LOCK_H_
