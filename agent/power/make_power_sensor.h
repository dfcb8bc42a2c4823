// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_MAKE_POWER_SENSOR_H_
#define AGENT_POWER_MAKE_POWER_SENSOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/core/power_sensor.h"
#include "agent/power/cpu_load.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// What sensors are made of; everything outlives them.
struct PowerSensorDependencies {
  Clock& clock;
  FileSystem& file_system;
  // What a simulated sensor follows.
  const CpuTimeSource& load;
};

// The sensor of a URI; null for "none:".
//   sim:seed=7&idle_w=2.6&busy_w=4.9&noise_w=0.01   follows the runner's processor time
//   replay:FILE?loop=false                          plays a recorded trace
//   none:                                           quality and latency only
// Unimplemented for schemes that this build does not have; InvalidArgument for any other text.
absl::StatusOr<std::unique_ptr<PowerSensor>> MakePowerSensor(
    absl::string_view text, const PowerSensorDependencies& dependencies);

}  // namespace tinyjoule

#endif  // AGENT_POWER_MAKE_POWER_SENSOR_H_
