// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/rpc_server.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/errors/field_violation.h"
#include "common/net/status.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/support/rpc_server_fixture.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

TEST_F(RpcServerTest, HealthTurnsNotServingBeforeTheEnd) {
  // HealthCheckResponse.status is field 1: SERVING is 1, NOT_SERVING is 2.
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", ""), "\x08\x01");
  server_->SetNotServing();
  EXPECT_EQ(CallRaw("/grpc.health.v1.Health/Check", ""), "\x08\x02");
}

TEST_F(RpcServerTest, ReflectionNamesTheServices) {
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  // ServerReflectionRequest.list_services is field 7.
  const grpc::Slice slice(std::string("\x3a\x01*"));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  stream->StartCall(this);
  ASSERT_TRUE(wait());
  stream->Write(request, this);
  ASSERT_TRUE(wait());
  stream->Read(&response, this);
  ASSERT_TRUE(wait());
  const std::string names = BytesOf(response);
  for (const char* service : {"SweepService", "RunService", "FleetService", "AgentLinkService"}) {
    EXPECT_THAT(names, HasSubstr(absl::StrCat("tinyjoule.v1.", service)));
  }
  grpc::Status status;
  context.TryCancel();
  stream->Finish(&status, this);
  wait();
}

TEST_F(RpcServerTest, AnErrorKeepsItsCodeAndItsWords) {
  grpc::ClientContext context;
  v1::GetSweepRequest request;
  v1::GetSweepResponse response;
  request.set_sweep_id("nowhere");
  const grpc::Status status =
      v1::SweepService::NewStub(channel_)->GetSweep(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nowhere"));
}

TEST_F(RpcServerTest, AHostileNameIsRefusedAtTheBorder) {
  grpc::ClientContext context;
  v1::CordonAgentRequest request;
  v1::CordonAgentResponse response;
  request.set_agent("../../etc/passwd\n");
  const grpc::Status status =
      v1::FleetService::NewStub(channel_)->CordonAgent(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("agent: \"../../etc/passwd\\n\" is no name"));
}

TEST_F(RpcServerTest, AMessageOverFourMebibytesIsRefused) {
  grpc::ClientContext context;
  v1::CreateSweepRequest request;
  v1::CreateSweepResponse response;
  request.set_sweep_yaml(std::string(5 << 20, 'x'));
  const grpc::Status status =
      v1::SweepService::NewStub(channel_)->CreateSweep(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(RpcServerTest, WatchingAnUnknownSweepEndsWithNotFound) {
  grpc::ClientContext context;
  v1::WatchSweepRequest request;
  request.set_sweep_id("nowhere");
  const auto reader = v1::SweepService::NewStub(channel_)->WatchSweep(&context, request);
  v1::WatchSweepResponse event;
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RpcServerTest, AnInvalidSweepBlamesItsPlacesForPrograms) {
  grpc::ClientContext context;
  v1::CreateSweepRequest request;
  v1::CreateSweepResponse response;
  request.set_file_name("s.yaml");
  request.set_sweep_yaml("version: 1\nname: s\ntrian: {}\n");
  const absl::Status status = FromGrpcStatus(
      v1::SweepService::NewStub(channel_)->CreateSweep(&context, request, &response));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("s.yaml:3:1: unknown key"));
  const std::vector<FieldViolation> violations = FieldViolationsOf(status);
  ASSERT_FALSE(violations.empty());
  const auto blames_trian = [](const FieldViolation& violation) {
    return violation.field == "sweep_yaml:3:1" &&
           violation.description.find("unknown key \"trian\"") == 0;
  };
  EXPECT_EQ(std::count_if(violations.begin(), violations.end(), blames_trian), 1);
}

}  // namespace
}  // namespace tinyjoule
