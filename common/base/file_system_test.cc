// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace tinyjoule {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  FileSystemTest() {
    char name[] = "/tmp/file_system_test.XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~FileSystemTest() override { files_.RemoveTree(folder_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return JoinPath(folder_, name); }

  PosixFileSystem files_;
  std::string folder_;
};

TEST_F(FileSystemTest, WritesAndReadsBack) {
  const std::string bytes("a\0b", 3);
  ASSERT_TRUE(files_.WriteFileAtomically(Path("x"), bytes).ok());
  EXPECT_EQ(*files_.ReadFile(Path("x")), bytes);
  EXPECT_EQ(*files_.ReadRange(Path("x"), 1, 10), bytes.substr(1));
  EXPECT_EQ(*files_.FileSize(Path("x")), 3u);
  EXPECT_EQ(*files_.ListFolder(folder_), std::vector<std::string>{"x"});
}

TEST_F(FileSystemTest, AppendsAcrossOpenings) {
  for (const char* text : {"one ", "two"}) {
    auto file = files_.OpenForAppend(Path("log"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append(text).ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }
  EXPECT_EQ(*files_.ReadFile(Path("log")), "one two");
  ASSERT_TRUE(files_.Truncate(Path("log"), 3).ok());
  EXPECT_EQ(*files_.ReadFile(Path("log")), "one");
}

TEST_F(FileSystemTest, ErrorsNameThePathAndTheCause) {
  const auto missing = files_.ReadFile(Path("no-such-file"));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.status().message().find("no-such-file"), std::string::npos);
  EXPECT_EQ(files_.ReadFile(folder_).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(files_.WriteFileAtomically(Path("no/folder/x"), "").ok());
}

TEST_F(FileSystemTest, CreatesAndRemovesTrees) {
  ASSERT_TRUE(files_.CreateFolder(Path("a/b/c")).ok());
  ASSERT_TRUE(files_.CreateFolder(Path("a/b/c")).ok());
  ASSERT_TRUE(files_.WriteFileAtomically(Path("a/b/c/d"), "").ok());
  ASSERT_TRUE(files_.RemoveTree(Path("a")).ok());
  EXPECT_FALSE(files_.Exists(Path("a")));
  EXPECT_TRUE(files_.RemoveFile(Path("a")).ok());
}

// /dev/full gives ENOSPC for every write.
TEST_F(FileSystemTest, SaysThatTheDiskIsFull) {
  auto full = files_.OpenForAppend("/dev/full");
  ASSERT_TRUE(full.ok());
  const absl::Status status = (*full)->Append("x");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

TEST(PathTest, JoinsAndSplits) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(FolderOf("a/b/c"), "a/b");
  EXPECT_EQ(FolderOf("c"), ".");
  EXPECT_EQ(FolderOf("/c"), "/");
}

}  // namespace
}  // namespace tinyjoule
