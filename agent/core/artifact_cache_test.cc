// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/artifact_cache.h"

#include "common/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ArtifactCacheTest : public ::testing::Test {
 protected:
  ArtifactCacheTest() { Reopen(); }
  void Reopen(uint64_t limit_bytes = 1 << 20) {
    cache_ = *ArtifactCache::Open(files_, {"/cache", limit_bytes});
  }
  std::string Publish(const std::string& bytes) {
    source_.artifacts[Sha256Hex(bytes)] = bytes;
    return Sha256Hex(bytes);
  }
  absl::StatusOr<std::string> Ensure(const std::string& sha256) {
    return cache_->Ensure(sha256, source_, [] { return absl::OkStatus(); });
  }
  FaultFileSystem files_;
  FakeArtifactSource source_;
  std::unique_ptr<ArtifactCache> cache_;
};

TEST_F(ArtifactCacheTest, FetchesOnceAndAgainAfterNothingButARestart) {
  const std::string sha256 = Publish("model");
  ASSERT_TRUE(Ensure(sha256).ok());
  EXPECT_EQ(*files_.ReadFile(*Ensure(sha256)), "model");
  Reopen();
  EXPECT_TRUE(Ensure(sha256).ok());
  EXPECT_EQ(source_.offsets.size(), 1u);
}

TEST_F(ArtifactCacheTest, ABrokenDownloadGoesOnWhereItEnded) {
  const std::string sha256 = Publish("0123456789");
  source_.break_after = {3, 4};
  EXPECT_EQ(Ensure(sha256).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Ensure(sha256).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(*files_.ReadFile(*Ensure(sha256)), "0123456789");
  EXPECT_THAT(source_.offsets, ElementsAre(0, 3, 7));
}

TEST_F(ArtifactCacheTest, APieceThatAPowerLossDamagedIsFetchedAnew) {
  const std::string sha256 = Publish("0123456789");
  source_.break_after = {3};
  EXPECT_EQ(Ensure(sha256).status().code(), absl::StatusCode::kUnavailable);
  files_.Corrupt("/cache/" + sha256 + ".partial", 1);
  EXPECT_EQ(*files_.ReadFile(*Ensure(sha256)), "0123456789");
  EXPECT_THAT(source_.offsets, ElementsAre(0, 3, 0));
}

TEST_F(ArtifactCacheTest, AWrongHashIsAnErrorAndLeavesNothing) {
  const std::string sha256 = Sha256Hex("right");
  source_.artifacts[sha256] = "wrong";
  EXPECT_EQ(Ensure(sha256).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(*files_.ListFolder("/cache"), IsEmpty());
  source_.artifacts[sha256] = "right";
  EXPECT_TRUE(Ensure(sha256).ok());
}

TEST_F(ArtifactCacheTest, AFileThatRottedOnDiskIsFetchedAgain) {
  const std::string sha256 = Publish("model");
  files_.Corrupt(*Ensure(sha256), 2);
  EXPECT_EQ(*files_.ReadFile(*Ensure(sha256)), "model");
  EXPECT_EQ(source_.offsets.size(), 2u);
}

TEST_F(ArtifactCacheTest, TheLeastRecentlyUsedMakesRoom) {
  Reopen(/*limit_bytes=*/25);
  const std::string a = Publish("aaaaaaaaaa");
  const std::string b = Publish("bbbbbbbbbb");
  const std::string c = Publish("cccccccccc");
  ASSERT_TRUE(Ensure(a).ok());
  ASSERT_TRUE(Ensure(b).ok());
  ASSERT_TRUE(Ensure(a).ok());
  Reopen(25);
  ASSERT_TRUE(Ensure(c).ok());
  EXPECT_TRUE(files_.Exists("/cache/" + a));
  EXPECT_FALSE(files_.Exists("/cache/" + b));
  EXPECT_TRUE(files_.Exists("/cache/" + c));
}

TEST_F(ArtifactCacheTest, AFullDiskIsToldAndCuredByRoom) {
  const std::string sha256 = Publish("model");
  files_.FailWritesAfter(0, absl::ResourceExhaustedError("No space left on device"));
  EXPECT_EQ(Ensure(sha256).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(files_.faults_fired(), 0u);
  files_.ClearFault();
  EXPECT_TRUE(Ensure(sha256).ok());
}

TEST_F(ArtifactCacheTest, ACancelledFetchEnds) {
  const std::string sha256 = Publish("model");
  const auto path = cache_->Ensure(sha256, source_, [] { return absl::CancelledError("stop"); });
  EXPECT_EQ(path.status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ArtifactCacheTest, AHashIsNoPath) {
  EXPECT_EQ(Ensure("../etc/passwd").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tinyjoule
