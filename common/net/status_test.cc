// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/status.h"

#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

TEST(NetStatusTest, EveryCodeAndItsMessageSurviveTheWay) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), code == 0 ? "" : "why not");
    EXPECT_EQ(static_cast<int>(ToGrpcStatus(status).error_code()), code);
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status);
  }
}

// The numbers are those of google.rpc.Code.
TEST(NetStatusTest, CodesAreTheCanonicalOnes) {
  EXPECT_EQ(ToGrpcStatus(absl::InvalidArgumentError("")).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ToGrpcStatus(absl::FailedPreconditionError("")).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ToGrpcStatus(absl::UnauthenticatedError("")).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST(NetStatusTest, ErrorDetailsTravelAndOtherPayloadsStay) {
  absl::Status status = absl::InvalidArgumentError("bad sweep");
  status.SetPayload(kErrorDetailsUrl, absl::Cord("details"));
  status.SetPayload("type.example.com/private", absl::Cord("secret"));
  EXPECT_EQ(ToGrpcStatus(status).error_details(), "details");
  const absl::Status back = FromGrpcStatus(ToGrpcStatus(status));
  EXPECT_EQ(*back.GetPayload(kErrorDetailsUrl), "details");
  EXPECT_FALSE(back.GetPayload("type.example.com/private").has_value());
}

}  // namespace
}  // namespace tinyjoule
