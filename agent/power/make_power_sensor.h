// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_MAKE_POWER_SENSOR_H_
#define AGENT_POWER_MAKE_POWER_SENSOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/core/board_idle_range.h"
#include "agent/core/power_sensor.h"
#include "agent/power/cpu_load.h"
#include "agent/power/i2c_device.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// What sensors are made of; everything outlives them.
struct PowerSensorDependencies {
  Clock& clock;
  FileSystem& file_system;
  // What a simulated sensor follows.
  const CpuTimeSource& load;
  // Where /sys is found: "" is the machine itself.
  std::string root = "";
  // (bus, address) as LinuxI2cDevice::Open, which null means.
  std::function<absl::StatusOr<std::unique_ptr<I2cDevice>>(const std::string&, uint8_t)> open_i2c =
      nullptr;
  // Of the board that the sensor measures, for an INA219 whose URI gives none.
  std::optional<IdleRange> idle = std::nullopt;
};

// The sensor of a URI, ready to start; null for "none:". docs/sensors.md has every parameter.
//   i2c:/dev/i2c-1@0x40?shunt_uohm=100000           an INA219; qualified, which takes seconds
//   hwmon:ina219, rapl:package-0                    what the kernel reads
//   sim:seed=7&idle_w=2.6&busy_w=4.9&noise_w=0.01   follows the runner's processor time
//   replay:FILE?loop=false                          plays a recorded trace
//   none:                                           quality and latency only
// InvalidArgument: the text is wrong. Any other error: the sensor is not there, or not as
// described.
absl::StatusOr<std::unique_ptr<PowerSensor>> MakePowerSensor(
    absl::string_view text, const PowerSensorDependencies& dependencies);

}  // namespace tinyjoule

#endif  // AGENT_POWER_MAKE_POWER_SENSOR_H_
