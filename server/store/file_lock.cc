// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

std::string OwnerOf(int file_descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(file_descriptor, text.data(), text.size(), 0);
  return size > 0 ? std::string(absl::StripAsciiWhitespace(
                        absl::string_view(text.data(), static_cast<size_t>(size))))
                  : "unknown";
}

// For people only: the lock does not depend on it.
void WriteOwner(int file_descriptor) {
  const std::string text = absl::StrCat(getpid(), "\n");
  if (ftruncate(file_descriptor, 0) != 0) return;
  if (pwrite(file_descriptor, text.data(), text.size(), 0) < 0) return;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Acquire(const std::string& path) {
  const int file_descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_descriptor < 0) return ErrnoStatus(errno, absl::StrCat("open ", path));
  if (flock(file_descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string owner = OwnerOf(file_descriptor);
    close(file_descriptor);
    if (error != EWOULDBLOCK) return ErrnoStatus(error, absl::StrCat("lock ", path));
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is held by another process (", owner, ")"));
  }
  WriteOwner(file_descriptor);
  return std::unique_ptr<FileLock>(new FileLock(file_descriptor));
}

FileLock::~FileLock() { close(file_descriptor_); }

}  // namespace tinyjoule
