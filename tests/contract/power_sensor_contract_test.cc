// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What every PowerSensor promises, by the promise's own words in agent/core/power_sensor.h.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "agent/core/power_sensor.h"
#include "agent/power/make_power_sensor.h"
#include "common/energy/conversion.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/ina219_model.h"
#include "tests/support/load_profile.h"

namespace tinyjoule {
namespace {

constexpr char kTraceHeader[] = "TimeStamp, Voltage (V), Current (mA), Power (mW)\n";

class PowerSensorContractTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string trace = kTraceHeader;
    for (int i = 1; i <= 50; ++i) {
      trace += "0:00:00." + std::to_string(100000 + i * 4850) + ",5.120,257.463,1325.366\n";
    }
    ASSERT_TRUE(files_.WriteFileAtomically("/trace.csv", trace).ok());
    auto sensor = MakePowerSensor(GetParam(),
                                  {clock_, files_, load_, "", [this](const std::string&, uint8_t) {
                                     return std::make_unique<ModelI2cDevice>(clock_, chip_);
                                   }});
    ASSERT_TRUE(sensor.ok()) << sensor.status();
    sensor_ = *std::move(sensor);
  }
  FakeClock clock_;
  FaultFileSystem files_;
  ProcessCpuTime load_;
  const LoadProfile board_{2.6};
  Ina219Model chip_{clock_, board_, {}};
  std::unique_ptr<PowerSensor> sensor_;
};

TEST_P(PowerSensorContractTest, DescribesItselfUsably) {
  const v1::SensorDescription description = sensor_->Describe();
  EXPECT_EQ(description.uri(), GetParam());
  EXPECT_FALSE(description.kind().empty());
  EXPECT_GT(description.cycle_ns(), 0);
  EXPECT_TRUE(CheckSensorDescription(description).ok());
}

TEST_P(PowerSensorContractTest, TimesGrowAreWholeMicrosecondsAndNotInTheFuture) {
  const int64_t start_ns = clock_.MonotonicNs();
  ASSERT_TRUE(sensor_->Start().ok());
  int64_t last_ns = start_ns - 1;
  for (int i = 0; i < 200; ++i) {
    RawSample sample;
    ASSERT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kSample);
    EXPECT_GT(sample.t_ns, last_ns);
    EXPECT_EQ(sample.t_ns % 1000, 0);
    EXPECT_LE(sample.t_ns, clock_.MonotonicNs());
    last_ns = sample.t_ns;
  }
}

TEST_P(PowerSensorContractTest, CyclesAreAsDescribed) {
  ASSERT_TRUE(sensor_->Start().ok());
  RawSample first;
  RawSample last;
  ASSERT_EQ(sensor_->ReadConversion(&first), ReadOutcome::kSample);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(sensor_->ReadConversion(&last), ReadOutcome::kSample);
  const double cycle_ns = static_cast<double>(last.t_ns - first.t_ns) / 200;
  EXPECT_NEAR(cycle_ns / static_cast<double>(sensor_->Describe().cycle_ns()), 1, 0.1);
}

TEST_P(PowerSensorContractTest, PowerIsPlausible) {
  ASSERT_TRUE(sensor_->Start().ok());
  const CountConverter converter(sensor_->Describe());
  RawSample sample;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kSample);
    const PowerSample power = converter.Convert(sample);
    EXPECT_GT(power.power_w, 0.1);
    EXPECT_LT(power.power_w, 30);
    // The power channel may be of another conversion; the product is near it all the same.
    EXPECT_NEAR(power.bus_voltage_v * power.current_a / power.power_w, 1, 0.15);
  }
}

TEST_P(PowerSensorContractTest, StopEndsReadingAndStartBeginsAnew) {
  RawSample sample;
  EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kEnd) << "not started";
  ASSERT_TRUE(sensor_->Start().ok());
  ASSERT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kSample);
  std::thread([this] { sensor_->Stop(); }).join();
  EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kEnd);
  const int64_t stopped_ns = clock_.MonotonicNs();
  clock_.Advance(kNsPerSecond);
  ASSERT_TRUE(sensor_->Start().ok());
  ASSERT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kSample);
  EXPECT_GT(sample.t_ns, stopped_ns + kNsPerSecond) << "nothing from before the start";
}

INSTANTIATE_TEST_SUITE_P(Sensors, PowerSensorContractTest,
                         ::testing::Values("sim:seed=7", "sim:noise_w=0.2&idle_w=2&busy_w=6",
                                           "replay:/trace.csv",
                                           "i2c:/dev/i2c-1@0x40?shunt_uohm=100000",
                                           "i2c:/dev/i2c-1?adc=x32",
                                           "i2c:/dev/i2c-1?adc=12bit&range_v=16"));

}  // namespace
}  // namespace tinyjoule
