// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_MAKE_INA219_H_
#define AGENT_POWER_MAKE_INA219_H_

#include <memory>

#include "absl/status/statusor.h"
#include "agent/power/ina219_sensor.h"
#include "agent/power/make_power_sensor.h"
#include "agent/power/sensor_uri.h"

namespace tinyjoule {

// The options that "i2c:/dev/i2c-1@0x40?..." asks for. InvalidArgument names the parameter.
absl::StatusOr<Ina219Sensor::Options> ParseIna219Uri(const SensorUri& uri);

// Opens and qualifies it.
absl::StatusOr<std::unique_ptr<PowerSensor>> MakeIna219(
    const SensorUri& uri, const PowerSensorDependencies& dependencies);

}  // namespace tinyjoule

#endif  // AGENT_POWER_MAKE_INA219_H_
