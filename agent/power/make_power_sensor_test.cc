// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/make_power_sensor.h"

#include "agent/power/sensor_uri.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class MakePowerSensorTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<PowerSensor>> Make(const std::string& uri) {
    return MakePowerSensor(uri, {clock_, files_, load_});
  }
  std::string Error(const std::string& uri, absl::StatusCode code) {
    const auto sensor = Make(uri);
    EXPECT_EQ(sensor.status().code(), code) << uri;
    return std::string(sensor.status().message());
  }
  FakeClock clock_;
  FaultFileSystem files_;
  ProcessCpuTime load_;
};

TEST_F(MakePowerSensorTest, SimulatedSaysSo) {
  const auto sensor = Make("sim:seed=7&idle_w=1.5");
  ASSERT_TRUE(sensor.ok()) << sensor.status();
  const v1::SensorDescription description = (*sensor)->Describe();
  EXPECT_EQ(description.uri(), "sim:seed=7&idle_w=1.5");
  EXPECT_EQ(description.kind(), "simulated");
  EXPECT_TRUE(description.simulated());
  EXPECT_EQ(description.shunt_lsb_v(), 10e-6);
  EXPECT_EQ(description.bus_lsb_v(), 4e-3);
  EXPECT_EQ(description.shunt_uohm(), 100'000u);
  EXPECT_EQ(description.cycle_ns(), 4'790'000);
  EXPECT_TRUE(Make("sim:").ok());
  EXPECT_TRUE(Make("sim:?seed=7").ok());
}

TEST_F(MakePowerSensorTest, NoneIsNoSensor) {
  const auto sensor = Make("none:");
  ASSERT_TRUE(sensor.ok());
  EXPECT_EQ(*sensor, nullptr);
}

TEST_F(MakePowerSensorTest, BadUrisAreNamed) {
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(Error("sim", invalid), HasSubstr("no scheme"));
  EXPECT_THAT(Error("gpib:1", invalid), HasSubstr("unknown scheme gpib:"));
  EXPECT_THAT(Error("sim:seed", invalid), HasSubstr("\"seed\" is not key=value"));
  EXPECT_THAT(Error("sim:seed=1&seed=2", invalid), HasSubstr("seed is given twice"));
  EXPECT_THAT(Error("sim:seed=x", invalid), HasSubstr("seed is not a whole number"));
  EXPECT_THAT(Error("sim:idle_w=-1", invalid), HasSubstr("idle_w is not a number from 0 to 100"));
  EXPECT_THAT(Error("sim:idle_w=nan", invalid), HasSubstr("idle_w"));
  EXPECT_THAT(Error("sim:sede=7", invalid), HasSubstr("unknown parameter sede"));
  EXPECT_THAT(Error("replay:", invalid), HasSubstr("names no file"));
  EXPECT_THAT(Error("replay:/a?loop=maybe", invalid), HasSubstr("loop is not true or false"));
  EXPECT_THAT(Error("replay:/nowhere.csv", absl::StatusCode::kNotFound), HasSubstr("/nowhere.csv"));
}

}  // namespace
}  // namespace tinyjoule
