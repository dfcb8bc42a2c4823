// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "common/errors/field_violation.h"
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

// Bytes written by hand after google/rpc/status.proto and error_details.proto: field 1 the code,
// 2 the message, 3 each detail as an Any (1 the type URL, 2 the value).
TEST(NetStatusTest, DetailsAreBytesThatClientsOfGoogleRpcRead) {
  const std::string url = "type.googleapis.com/google.rpc.ErrorInfo";
  const std::string info = "\x0a\x09NOT_FOUND\x12\x09tinyjoule";
  const std::string any = "\x0a" + std::string(1, static_cast<char>(url.size())) + url + "\x12" +
                          std::string(1, static_cast<char>(info.size())) + info;
  const std::string expected =
      "\x08\x05\x12\x08no sweep\x1a" + std::string(1, static_cast<char>(any.size())) + any;
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError("no sweep")).error_details(), expected);
}

TEST(NetStatusTest, ViolationsTravelAndPrivatePayloadsStay) {
  absl::Status status = InvalidFields("bad sweep", {{"sweep_yaml:3:1", "unknown key"}, {"b", "c"}});
  status.SetPayload("type.example.com/private", absl::Cord("secret"));
  const absl::Status back = FromGrpcStatus(ToGrpcStatus(status));
  EXPECT_EQ(back.message(), "bad sweep");
  const auto violations = FieldViolationsOf(back);
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].field, "sweep_yaml:3:1");
  EXPECT_EQ(violations[0].description, "unknown key");
  EXPECT_EQ(violations[1].field, "b");
  EXPECT_FALSE(back.GetPayload("type.example.com/private").has_value());
}

TEST(NetStatusTest, WhatWouldBurstTheTrailersIsCut) {
  const grpc::Status status = ToGrpcStatus(
      InvalidFields(std::string(1 << 20, 'x'), {{"field", std::string(1 << 20, 'y')}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_LT(status.error_message().size(), 170'000u);
  EXPECT_LT(status.error_details().size(), 40'000u);
}

TEST(NetStatusTest, ForeignDetailsAreNoError) {
  const absl::Status status = FromGrpcStatus({grpc::StatusCode::INTERNAL, "why", "\xff\xff"});
  EXPECT_EQ(status, absl::InternalError("why"));
}

}  // namespace
}  // namespace tinyjoule
