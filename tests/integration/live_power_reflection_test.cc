// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Live power for a tool that was not built with our protocol: descriptors by reflection, over TCP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/agent_link_fixture.h"
#include "tests/support/reflection_client.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class LivePowerReflectionTest : public AgentLinkFixture {
 protected:
  void SetUp() override {
    AgentLinkFixture::SetUp();
    tool_ = std::make_unique<ReflectionClient>(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }
  // A method of the service, as the server describes it.
  const google::protobuf::MethodDescriptor* Find(const std::string& service,
                                                 const std::string& method) {
    const auto* const found = tool_->FindService(service);
    return found == nullptr ? nullptr : found->FindMethodByName(method);
  }

  std::unique_ptr<ReflectionClient> tool_;
};

TEST_F(LivePowerReflectionTest, WatchPowerStreamsWhatTheAgentMeasures) {
  const auto* const watch = Find("tinyjoule.v1.RunService", "WatchPower");
  ASSERT_NE(watch, nullptr);
  EXPECT_TRUE(watch->server_streaming());
  AgentStream agent(channel_);
  agent.Hello(pi_);
  agent.Await(v1::ConnectResponse::kWelcome);

  const auto call = tool_->Call(*watch, R"({"agent": "pi", "max_rate_hz": 50})");
  ASSERT_NE(call, nullptr);
  EXPECT_TRUE(agent.Await(v1::ConnectResponse::kLivePowerRequest).live_power_request().active());
  v1::ConnectRequest message;
  message.mutable_live_power()->set_simulated(true);
  // The second one ends the first one's bucket.
  for (const int64_t t_ns : {kNsPerSecond, 2 * kNsPerSecond}) {
    v1::PowerPoint& point = *message.mutable_live_power()->add_points();
    point.set_mono_ns(t_ns);
    point.set_bus_voltage_v(5.125);
    point.set_current_a(0.5);
    point.set_power_w(2.5625);
  }
  agent.Write(message);

  const auto answer = call->Read();
  ASSERT_TRUE(answer.has_value()) << call->Finish().error_message();
  const std::string json = tool_->AnswerAsJson(*watch, *answer);
  EXPECT_THAT(json, HasSubstr(R"("bus_voltage_v":5.125)"));
  EXPECT_THAT(json, HasSubstr(R"("current_a":0.5)"));
  EXPECT_THAT(json, HasSubstr(R"("power_w":2.5625)"));
  EXPECT_THAT(json, HasSubstr(R"("simulated":true)"));
}

TEST_F(LivePowerReflectionTest, AnAgentThatIsNotThereIsAnErrorInWords) {
  const auto* const watch = Find("tinyjoule.v1.RunService", "WatchPower");
  ASSERT_NE(watch, nullptr);
  EXPECT_EQ(tool_->Call(*watch, R"({"agent": "pi", "rate": 50})"), nullptr) << "no such field";
  const auto call = tool_->Call(*watch, R"({"agent": "nobody"})");
  EXPECT_FALSE(call->Read().has_value());
  const grpc::Status status = call->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nobody"));
}

// Every service of ours can be called so.
TEST_F(LivePowerReflectionTest, EveryServiceIsDescribedWhole) {
  for (const char* name : {"SweepService", "RunService", "FleetService", "AgentLinkService"}) {
    const auto* const service = tool_->FindService(absl::StrCat("tinyjoule.v1.", name));
    ASSERT_NE(service, nullptr) << name;
    EXPECT_GT(service->method_count(), 0) << name;
  }
  EXPECT_EQ(tool_->FindService("tinyjoule.v1.NoService"), nullptr);
}

}  // namespace
}  // namespace tinyjoule
