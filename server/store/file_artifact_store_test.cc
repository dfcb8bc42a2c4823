// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/file_artifact_store.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

// FIPS 180-2, appendix B.1.
constexpr char kAbcSha256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class FileArtifactStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = OpenFileArtifactStore(files_, "/store");
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  void WriteFile(const std::string& path, absl::string_view bytes) {
    ASSERT_TRUE(files_.CreateFolder(FolderOf(path)).ok());
    ASSERT_TRUE(files_.WriteFileAtomically(path, bytes).ok());
  }

  FaultFileSystem files_;
  std::unique_ptr<ArtifactStore> store_;
};

TEST_F(FileArtifactStoreTest, NamesBytesByTheirHashInTwoLevelsOfFolders) {
  const auto sha256 = store_->Put("abc");
  ASSERT_TRUE(sha256.ok()) << sha256.status();
  EXPECT_EQ(*sha256, kAbcSha256);
  EXPECT_EQ(store_->PathOf(*sha256), absl::StrCat("/store/ba/78/", kAbcSha256));
  EXPECT_EQ(*store_->Read(*sha256), "abc");
  EXPECT_EQ(*store_->Size(*sha256), 3);
  EXPECT_TRUE(store_->Has(*sha256));
}

TEST_F(FileArtifactStoreTest, TakesOverAFile) {
  WriteFile("/trainer/model.onnx", "abc");
  const auto sha256 = store_->Ingest("/trainer/model.onnx", kAbcSha256);
  ASSERT_TRUE(sha256.ok()) << sha256.status();
  EXPECT_FALSE(files_.Exists("/trainer/model.onnx"));
  EXPECT_EQ(*store_->Read(kAbcSha256), "abc");
}

TEST_F(FileArtifactStoreTest, RefusesAFileWithAnotherHashAndLeavesIt) {
  WriteFile("/trainer/model.onnx", "abd");
  EXPECT_EQ(store_->Ingest("/trainer/model.onnx", kAbcSha256).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_TRUE(files_.Exists("/trainer/model.onnx"));
  EXPECT_FALSE(store_->Has(kAbcSha256));
}

TEST_F(FileArtifactStoreTest, ADamagedArtifactIsNamedAndCanBeBroughtAgain) {
  ASSERT_TRUE(store_->Put("abc").ok());
  files_.Corrupt(store_->PathOf(kAbcSha256), 1);
  const auto read = store_->Read(kAbcSha256);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(read.status().message(), store_->PathOf(kAbcSha256)));
  EXPECT_EQ(store_->Verify(kAbcSha256).code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(store_->Put("abc").ok());
  EXPECT_EQ(*store_->Read(kAbcSha256), "abc");
}

TEST_F(FileArtifactStoreTest, AnArtifactSurvivesLossOfPower) {
  WriteFile("/trainer/a", "abc");
  ASSERT_TRUE(store_->Ingest("/trainer/a", "").ok());
  ASSERT_TRUE(store_->Put("other").ok());
  files_.LosePower();
  EXPECT_EQ(*store_->Read(kAbcSha256), "abc");
  EXPECT_EQ(*store_->Read(Sha256Hex("other")), "other");
}

TEST_F(FileArtifactStoreTest, AFullDiskIsSaidAndLeavesNoArtifact) {
  files_.FailWritesAfter(0, absl::ResourceExhaustedError("no space left on device"));
  EXPECT_EQ(store_->Put("abc").status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(files_.faults_fired(), 0u);
  EXPECT_FALSE(store_->Has(kAbcSha256));
}

TEST_F(FileArtifactStoreTest, OddNamesAreRefused) {
  EXPECT_FALSE(store_->Has("../../etc/passwd"));
  EXPECT_EQ(store_->Read("../../etc/passwd").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Read(kAbcSha256).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tinyjoule
