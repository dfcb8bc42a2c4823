// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_INA219_SENSOR_FIXTURE_H_
#define TESTS_SUPPORT_INA219_SENSOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "agent/core/power_sensor.h"
#include "agent/power/ina219_sensor.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_ina219.h"

namespace tinyjoule {

// A sensor at a chip that does what the test's script says, on a clock that the transfers advance.
class Ina219SensorTest : public ::testing::Test {
 protected:
  // Without turns of the bus voltage's resolution, which begin conversions anew.
  void Make(Ina219Sensor::Options options = {}) {
    options.mixed_bus_adc = false;
    sensor_ = std::make_unique<Ina219Sensor>(std::move(options),
                                             std::make_unique<ScriptedI2cDevice>(chip_), clock_);
  }
  void MakeStarted() {
    Make();
    ASSERT_TRUE(sensor_->Qualify().ok()) << sensor_->Qualify();
    ASSERT_TRUE(sensor_->Start().ok());
  }
  std::string QualifyError(absl::StatusCode code) {
    Make();
    const absl::Status status = sensor_->Qualify();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }
  RawSample ReadSample() {
    RawSample sample;
    EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kSample);
    return sample;
  }
  // The number of the conversion that the sample holds, by its shunt and by its bus.
  static int64_t Number(const RawSample& sample) { return sample.shunt - 1000; }
  static int64_t BusNumber(const RawSample& sample) { return sample.bus - 1250; }
  int64_t EndOf(int64_t number) const { return chip_.began_ns + number * chip_.cycle_ns; }

  FakeClock clock_;
  ScriptedIna219 chip_{clock_};
  std::unique_ptr<Ina219Sensor> sensor_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_INA219_SENSOR_FIXTURE_H_
