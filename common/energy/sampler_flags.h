// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_SAMPLER_FLAGS_H_
#define COMMON_ENERGY_SAMPLER_FLAGS_H_

#include <vector>

#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// The flags that show in how the sensor was read: SENSOR_RESET, CONFIG_CHANGED, I2C_ERROR,
// I2C_CLOCK, SAMPLER_LATE. A pure function, used by agent and coordinator alike. What a report
// cannot tell (no read time at qualification, no cycle) raises nothing.
std::vector<v1::Flag> SamplerFlags(const v1::SensorDescription& sensor,
                                   const v1::SamplerReport& report);

inline constexpr uint32_t kToleratedFailuresInARow = 3;
inline constexpr double kReadTimeFactor = 1.3;

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_SAMPLER_FLAGS_H_
