// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/request_check.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// The refusal, which must name the field.
void ExpectRefused(const absl::Status& status, const std::string& field) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(field));
}

v1::InputFile File() {
  v1::InputFile file;
  file.set_name("station.csv");
  file.set_sha256(std::string(64, 'a'));
  return file;
}

v1::Hello Hello() {
  v1::Hello hello;
  hello.set_agent_name("pi-1");
  hello.set_installation_id("0123");
  hello.add_engines("xnnpack");
  (*hello.mutable_labels())["board"] = "rpi4";
  return hello;
}

TEST(RequestCheckTest, AnOrdinarySweepPasses) {
  v1::CreateSweepRequest request;
  request.set_request_id("0123456789abcdef");
  request.set_sweep_yaml(std::string(1 << 20, 'x'));
  request.add_overrides("train.epochs=3");
  *request.add_files() = File();
  EXPECT_TRUE(CheckRequest(request).ok());
}

TEST(RequestCheckTest, ASweepIsBounded) {
  v1::CreateSweepRequest request;
  request.set_sweep_yaml(std::string((1 << 20) + 1, 'x'));
  ExpectRefused(CheckRequest(request), "sweep_yaml");
  request.clear_sweep_yaml();
  for (int i = 0; i <= 1000; ++i) request.add_overrides("a=b");
  ExpectRefused(CheckRequest(request), "overrides");
}

TEST(RequestCheckTest, AFileIsNamedByItsHashAndNeverByAPathOfThisMachine) {
  v1::CreateSweepRequest request;
  *request.add_files() = File();
  request.mutable_files(0)->set_sha256(std::string(64, 'A'));
  ExpectRefused(CheckRequest(request), "files.sha256");
  *request.mutable_files(0) = File();
  request.mutable_files(0)->set_local_path("/etc/shadow");
  ExpectRefused(CheckRequest(request), "files.local_path");
}

TEST(RequestCheckTest, EnumsFromANewerClientAreRefused) {
  v1::ExportSweepRequest request;
  request.set_sweep_id("s");
  EXPECT_TRUE(CheckRequest(request).ok());
  request.add_tables(static_cast<v1::ExportTable>(99));
  ExpectRefused(CheckRequest(request), "tables");
}

TEST(RequestCheckTest, ARateIsANumber) {
  v1::WatchPowerRequest request;
  request.set_agent("pi-1");
  for (const double rate : {-1.0, std::nan(""), HUGE_VAL}) {
    request.set_max_rate_hz(rate);
    ExpectRefused(CheckRequest(request), "max_rate_hz");
  }
  request.set_max_rate_hz(0);
  EXPECT_TRUE(CheckRequest(request).ok());
}

TEST(RequestCheckTest, AHelloIsBounded) {
  EXPECT_TRUE(CheckHello(Hello()).ok());
  v1::Hello hello = Hello();
  hello.set_installation_id("");
  ExpectRefused(CheckHello(hello), "hello.installation_id");
  hello = Hello();
  (*hello.mutable_labels())["a b"] = "c";
  ExpectRefused(CheckHello(hello), "hello.labels");
  hello = Hello();
  for (int i = 0; i < 100; ++i) (*hello.mutable_labels())[absl::StrCat("l", i)] = "v";
  ExpectRefused(CheckHello(hello), "hello.labels");
  hello = Hello();
  hello.set_kernel(std::string(5000, 'k'));
  ExpectRefused(CheckHello(hello), "hello");
}

TEST(RequestCheckTest, AMessageOfNoKnownKindIsRefused) {
  EXPECT_EQ(CheckAgentMessage({}).code(), absl::StatusCode::kInvalidArgument);
  v1::ConnectRequest live;
  for (int i = 0; i <= 4096; ++i) live.mutable_live_power()->add_points();
  ExpectRefused(CheckAgentMessage(live), "live_power.points");
}

TEST(RequestCheckTest, ACalibrationNamesTheFieldOfTheTask) {
  v1::CalibrateAgentRequest request;
  request.set_agent("pi-1");
  ExpectRefused(CheckRequest(request), "task.action");
  request.mutable_task()->set_action(v1::CALIBRATION_ACTION_ZERO);
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_agent("../pi");
  ExpectRefused(CheckRequest(request), "agent");
}

TEST(RequestCheckTest, AnAnswerToACalibrationIsBounded) {
  v1::ConnectRequest message;
  v1::Calibrated& answer = *message.mutable_calibrated();
  EXPECT_TRUE(CheckAgentMessage(message).ok());
  answer.set_code(17);
  ExpectRefused(CheckAgentMessage(message), "calibrated.code");
  answer.set_code(9);
  answer.set_message(std::string(4097, 'x'));
  ExpectRefused(CheckAgentMessage(message), "calibrated.message");
  answer.clear_message();
  answer.mutable_sensor()->mutable_calibration()->set_note(std::string(4097, 'x'));
  ExpectRefused(CheckAgentMessage(message), "calibrated.sensor");
  answer.clear_sensor();
  answer.mutable_sensor()->mutable_observer_cost()->set_slowest_resolution(std::string(4097, 'x'));
  ExpectRefused(CheckAgentMessage(message), "calibrated.sensor");
  answer.clear_sensor();
  answer.add_observer_costs()->set_slowest_resolution(std::string(4097, 'x'));
  ExpectRefused(CheckAgentMessage(message), "calibrated.observer_costs.slowest_resolution");
  answer.clear_observer_costs();
  for (int i = 0; i <= 64; ++i) answer.add_observer_costs();
  ExpectRefused(CheckAgentMessage(message), "calibrated.observer_costs");
}

}  // namespace
}  // namespace tinyjoule
