// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

std::string LockPath() { return absl::StrCat(testing::TempDir(), "/lock-", getpid()); }

TEST(FileLockTest, ASecondOwnerIsRefusedWithTheFirstOnesProcessId) {
  const auto lock = FileLock::Acquire(LockPath());
  ASSERT_TRUE(lock.ok()) << lock.status();
  const auto second = FileLock::Acquire(LockPath());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(second.status().message(), absl::StrCat(getpid())))
      << second.status();
}

TEST(FileLockTest, IsFreeAfterItsOwner) {
  { ASSERT_TRUE(FileLock::Acquire(LockPath()).ok()); }
  EXPECT_TRUE(FileLock::Acquire(LockPath()).ok());
}

TEST(FileLockTest, IsFreeAfterItsProcessDied) {
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::Acquire(LockPath());
    _exit(lock.ok() ? 7 : 1);
  }
  int state = 0;
  ASSERT_EQ(waitpid(child, &state, 0), child);
  ASSERT_EQ(WEXITSTATUS(state), 7);
  EXPECT_TRUE(FileLock::Acquire(LockPath()).ok());
}

}  // namespace
}  // namespace tinyjoule
