// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Artifacts over gRPC: uploads of files, and what agents fetch.
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "common/base/task_runner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/rpc_server_fixture.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

using ::testing::IsEmpty;

TEST_F(RpcServerTest, AnUploadBecomesAnArtifactThatCanBeFetchedFromAnyOffset) {
  std::string bytes;
  for (int i = 0; i < 700'000; ++i) bytes.push_back(static_cast<char>(i * 31));
  const std::string sha256 = Sha256Hex(bytes);
  ASSERT_TRUE(Upload({Piece(sha256, bytes.size(), bytes.substr(0, 400'000)),
                      Piece("", 0, bytes.substr(400'000))})
                  .ok());
  ASSERT_TRUE(artifacts_->Has(sha256));
  grpc::Status status;
  EXPECT_EQ(Fetch(sha256, 0, &status), bytes);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Fetch(sha256, 300'000, &status), bytes.substr(300'000));
  EXPECT_EQ(Fetch(sha256, 700'000, &status), "");
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Fetch(sha256, 700'001, &status), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_TRUE(Upload({Piece(sha256, bytes.size(), "")}).ok()) << "it is there already";
}

TEST_F(RpcServerTest, AnUploadThatIsNotWhatItSaysLeavesNothing) {
  const std::string sha256 = Sha256Hex("12345678");
  for (const auto& pieces : std::vector<std::vector<v1::UploadFileRequest>>{
           {},
           {Piece("not a hash", 8, "12345678")},
           {Piece(sha256, 8, "1234")},
           {Piece(sha256, 4, "12345678")},
           {Piece(sha256, 8, "87654321")},
           {Piece(sha256, (uint64_t{4} << 30) + 1, "12345678")}}) {
    const grpc::Status status = Upload(pieces);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  }
  EXPECT_FALSE(artifacts_->Has(sha256));
  server_.reset();
  RunAndWait(file_sequence_, [] {});
  const std::string temporary = FolderOf(artifacts_->TemporaryPath());
  EXPECT_THAT(files_.ListFolder(temporary).value(), IsEmpty());
}

TEST_F(RpcServerTest, AnUnknownArtifactIsNotFound) {
  grpc::Status status;
  Fetch(std::string(64, '0'), 0, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  Fetch("../../etc/passwd", 0, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace tinyjoule
