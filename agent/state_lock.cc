// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {

absl::StatusOr<std::unique_ptr<StateLock>> StateLock::Acquire(const std::string& folder) {
  const std::string path = JoinPath(folder, "lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<StateLock>(new StateLock(fd));
  const int error = errno;
  close(fd);
  if (error == EWOULDBLOCK) {
    return absl::FailedPreconditionError(
        absl::StrCat("the state folder ", folder, " is in use by another agent"));
  }
  return ErrnoStatus(error, absl::StrCat("cannot lock ", path));
}

StateLock::~StateLock() { close(fd_); }

}  // namespace tinyjoule
