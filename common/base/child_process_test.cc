// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/child_process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>

#include "common/base/file_system.h"

namespace tinyjoule {
namespace {

std::unique_ptr<ChildProcess> Shell(const std::string& script,
                                    std::vector<std::string> environment = {},
                                    const std::string& stderr_path = "") {
  PosixProcessLauncher launcher;
  auto child = launcher.Launch({{"sh", "-c", script}, std::move(environment), stderr_path});
  EXPECT_TRUE(child.ok()) << child.status();
  return std::move(child).value();
}

std::string ReadAll(ChildProcess& child) {
  std::string all;
  while (true) {
    const auto piece = child.Read(1024, -1);
    if (!piece.ok() || piece->empty()) return all;
    all += *piece;
  }
}

TEST(ChildProcessTest, TalksThroughItsPipes) {
  auto child = Shell("read line; echo \"got $line\"");
  ASSERT_TRUE(child->Write("hello\n").ok());
  EXPECT_EQ(ReadAll(*child), "got hello\n");
  EXPECT_TRUE(child->Wait().ok());
}

TEST(ChildProcessTest, IsBoundToItsCpus) {
  const std::string script = "grep Cpus_allowed_list /proc/self/status";
  auto child = PosixProcessLauncher().Launch({{"sh", "-c", script}, {}, "", {0}});
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(ReadAll(**child), "Cpus_allowed_list:\t0\n");
  const auto none = PosixProcessLauncher().Launch({{"true"}, {}, "", {1000}});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument) << "no such CPU here";
}

TEST(ChildProcessTest, SeesTheEndOfItsInput) {
  auto child = Shell("cat; echo end");
  ASSERT_TRUE(child->Write("x").ok());
  child->CloseInput();
  EXPECT_EQ(ReadAll(*child), "xend\n");
}

TEST(ChildProcessTest, ReportsExitCodesAndSignals) {
  EXPECT_EQ(Shell("exit 3")->Wait().Describe(), "exited with 3");
  auto child = Shell("exec sleep 60");
  EXPECT_FALSE(child->Poll().has_value());
  child->Kill(SIGKILL);
  EXPECT_EQ(child->Wait().signal, SIGKILL);
  EXPECT_EQ(child->Wait().Describe(), "was killed by signal 9 (Killed)");
}

TEST(ChildProcessTest, ADeadChildIsAnErrorOfWrite) {
  auto child = Shell("exit 0");
  child->Wait();
  EXPECT_EQ(child->Write(std::string(1 << 20, 'x')).code(), absl::StatusCode::kUnavailable);
}

TEST(ChildProcessTest, ReadingHasADeadline) {
  auto child = Shell("exec sleep 60");
  EXPECT_EQ(child->Read(10, 1'000'000).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(ChildProcessTest, SaysWhichProgramIsMissing) {
  PosixProcessLauncher launcher;
  const auto child = launcher.Launch({{"/no/such/program"}, {}, ""});
  EXPECT_EQ(child.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(child.status().message().find("/no/such/program"), std::string::npos);
}

TEST(ChildProcessTest, AddsToTheEnvironmentAndKeepsALog) {
  char log[] = "/tmp/child_process_test.XXXXXX";
  close(mkstemp(log));
  auto child = Shell("echo $TINYJOULE_TEST; echo problem >&2", {"TINYJOULE_TEST=42"}, log);
  EXPECT_EQ(ReadAll(*child), "42\n");
  child->Wait();
  EXPECT_EQ(*PosixFileSystem().ReadFile(log), "problem\n");
  std::remove(log);
}

}  // namespace
}  // namespace tinyjoule
