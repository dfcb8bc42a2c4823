// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_STATE_LOCK_H_
#define AGENT_STATE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tinyjoule {

// Holds a state folder for this process (flock on its file "lock"); the kernel lets go when the
// process ends, however it does.
class StateLock {
 public:
  // Creates the file. FailedPrecondition: another process holds the folder.
  static absl::StatusOr<std::unique_ptr<StateLock>> Acquire(const std::string& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace tinyjoule

#endif  // AGENT_STATE_LOCK_H_
