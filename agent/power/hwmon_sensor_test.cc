// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/hwmon_sensor.h"

#include "common/energy/conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class HwmonSensorTest : public ::testing::Test {
 protected:
  void Write(const std::string& file, const std::string& text) {
    ASSERT_TRUE(files_.WriteFileAtomically("/pi/sys/class/hwmon/" + file, text + "\n").ok());
  }
  // As the kernel's ina2xx shows a chip at its shunt of 10 milliohm.
  void AddIna219() {
    Write("hwmon0/name", "cpu_thermal");
    Write("hwmon0/temp1_input", "48000");
    Write("hwmon3/name", "ina219");
    Write("hwmon3/in0_input", "52");
    Write("hwmon3/in1_input", "5100");
    Write("hwmon3/curr1_input", "5200");
    Write("hwmon3/power1_input", "26520000");
    Write("hwmon3/shunt_resistor", "10000");
    Write("hwmon3/update_interval", "1");
  }
  // A fan controller that knows what its socket draws.
  void AddPowerOnly() {
    Write("hwmon5/name", "corsairpsu");
    Write("hwmon5/power1_input", "42500000");
  }
  absl::StatusOr<std::unique_ptr<PowerSensor>> Make(const std::string& uri) {
    return MakePowerSensor(uri, {clock_, files_, load_, "/pi"});
  }
  PowerSample Read(PowerSensor& sensor) {
    RawSample sample;
    EXPECT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
    return CountConverter(sensor.Describe()).Convert(sample);
  }
  std::string Error(const std::string& uri, absl::StatusCode code) {
    const auto sensor = Make(uri);
    EXPECT_EQ(sensor.status().code(), code) << sensor.status();
    return std::string(sensor.status().message());
  }

  FakeClock clock_;
  FaultFileSystem files_;
  ProcessCpuTime load_;
};

TEST_F(HwmonSensorTest, FindsTheOnlyOneAndSaysHowItRounds) {
  AddIna219();
  const auto sensor = Make("hwmon:");
  ASSERT_TRUE(sensor.ok()) << sensor.status();
  const v1::SensorDescription description = (*sensor)->Describe();
  EXPECT_EQ(description.kind(), "hwmon");
  EXPECT_FALSE(description.simulated());
  EXPECT_EQ(description.resolution(),
            "ina219 through its driver: 1 mV, 1 mA at its shunt of 0.01 ohm");
  EXPECT_EQ(description.shunt_uohm(), 10'000u);
  EXPECT_EQ(description.cycle_ns(), 5'000'000) << "1 ms is faster than files are worth reading";
  EXPECT_TRUE(CheckSensorDescription(description).ok());
  ASSERT_TRUE((*sensor)->Start().ok());
  const PowerSample sample = Read(**sensor);
  EXPECT_DOUBLE_EQ(sample.bus_voltage_v, 5.1);
  EXPECT_NEAR(sample.current_a, 5.2, 1e-12);
  EXPECT_NEAR(sample.power_w, 26.52, 1e-9);
}

TEST_F(HwmonSensorTest, ARealShuntOf100MilliohmIsATenthOfTheCurrent) {
  AddIna219();
  const auto sensor = Make("hwmon:ina219?shunt_uohm=100000&interval_ms=10");
  ASSERT_TRUE(sensor.ok()) << sensor.status();
  EXPECT_EQ((*sensor)->Describe().shunt_uohm(), 100'000u);
  EXPECT_EQ((*sensor)->Describe().cycle_ns(), 10'000'000);
  ASSERT_TRUE((*sensor)->Start().ok());
  const PowerSample sample = Read(**sensor);
  EXPECT_NEAR(sample.current_a, 0.52, 1e-12);
  EXPECT_NEAR(sample.power_w, 2.652, 1e-9);
  // The same voltage over the shunt, whatever the driver makes of it: 52 mV.
  EXPECT_NEAR(sample.shunt_voltage_v, 0.052, 1e-12);
}

TEST_F(HwmonSensorTest, PowerAloneIsPowerAlone) {
  AddPowerOnly();
  const auto sensor = Make("hwmon:/sys/class/hwmon/hwmon5");
  ASSERT_TRUE(sensor.ok()) << sensor.status();
  const v1::SensorDescription description = (*sensor)->Describe();
  EXPECT_FALSE(MeasuresVoltage(description));
  EXPECT_TRUE(description.has_power_channel());
  EXPECT_EQ(description.resolution(), "corsairpsu through its driver: 1 uW");
  EXPECT_EQ(description.cycle_ns(), 20'000'000);
  EXPECT_TRUE(CheckSensorDescription(description).ok());
  ASSERT_TRUE((*sensor)->Start().ok());
  EXPECT_DOUBLE_EQ(Read(**sensor).power_w, 42.5);
  Write("hwmon5/power1_input", "0");
  EXPECT_EQ(Read(**sensor).power_w, 0) << "zero that was read is zero";
}

TEST_F(HwmonSensorTest, TimesAreOnItsGridAndAMissedReadingIsAGap) {
  AddIna219();
  const auto sensor = Make("hwmon:?interval_ms=10");
  ASSERT_TRUE(sensor.ok());
  ASSERT_TRUE((*sensor)->Start().ok());
  const int64_t first_ns = Read(**sensor).t_ns;
  EXPECT_EQ(Read(**sensor).t_ns - first_ns, 10 * kNsPerMs);
  clock_.Advance(35 * kNsPerMs);
  EXPECT_EQ(Read(**sensor).t_ns - first_ns, 45 * kNsPerMs);
  EXPECT_EQ(Read(**sensor).t_ns - first_ns, 50 * kNsPerMs);
}

TEST_F(HwmonSensorTest, AFileThatFailsIsAFailedReading) {
  AddIna219();
  const auto sensor = Make("hwmon:");
  ASSERT_TRUE((*sensor)->Start().ok());
  Read(**sensor);
  Write("hwmon3/curr1_input", "");
  RawSample sample;
  EXPECT_EQ((*sensor)->ReadConversion(&sample), ReadOutcome::kFailed);
  Write("hwmon3/curr1_input", "123456789012345");
  EXPECT_EQ((*sensor)->ReadConversion(&sample), ReadOutcome::kFailed) << "not cut short";
}

TEST_F(HwmonSensorTest, SaysWhatIsThereWhenTheChoiceIsNotClear) {
  EXPECT_THAT(Error("hwmon:", absl::StatusCode::kNotFound), HasSubstr("modprobe ina2xx"));
  AddIna219();
  AddPowerOnly();
  EXPECT_THAT(Error("hwmon:", absl::StatusCode::kFailedPrecondition),
              AllOf(HasSubstr("ina219 (/sys/class/hwmon/hwmon3)"),
                    HasSubstr("corsairpsu (/sys/class/hwmon/hwmon5)")));
  EXPECT_THAT(Error("hwmon:ina226", absl::StatusCode::kNotFound),
              HasSubstr("no such power sensor; there is ina219"));
  EXPECT_THAT(Error("hwmon:/sys/class/hwmon/hwmon0", absl::StatusCode::kNotFound),
              HasSubstr("no such power sensor"));
  EXPECT_THAT(Error("hwmon:corsairpsu?shunt_uohm=100", absl::StatusCode::kInvalidArgument),
              HasSubstr("no shunt_resistor"));
  EXPECT_THAT(Error("hwmon:ina219?scale=2", absl::StatusCode::kInvalidArgument),
              HasSubstr("unknown parameter scale"));
}

}  // namespace
}  // namespace tinyjoule
