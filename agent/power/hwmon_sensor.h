// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_HWMON_SENSOR_H_
#define AGENT_POWER_HWMON_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/core/power_sensor.h"
#include "agent/power/make_power_sensor.h"
#include "agent/power/reading_grid.h"
#include "agent/power/sensor_uri.h"

namespace tinyjoule {

// A power sensor that a kernel driver reads, below /sys/class/hwmon: readings at a fixed interval,
// rounded as the driver rounds them (microwatts, milliamperes, millivolts). A fallback: they are
// points between the chip's own conversions, not each conversion once.
class HwmonSensor final : public PowerSensor {
 public:
  // Current and voltage, or power where the driver does not have both; the other paths are empty.
  struct Options {
    std::string uri;
    // The driver's word for it, such as "ina219".
    std::string name;
    std::string power_path;
    std::string current_path;
    std::string voltage_path;
    int64_t interval_ns = 0;
    // What the driver takes the shunt for, and what it is; 0: not told, so nothing is scaled.
    uint32_t driver_shunt_uohm = 0;
    uint32_t shunt_uohm = 0;
  };
  // Both references outlive the sensor.
  HwmonSensor(Options options, Clock& clock, FileSystem& file_system);

  v1::SensorDescription Describe() const override;
  absl::Status Start() override;
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { stopped_.store(true); }
  SensorHealth Health() const override;

 private:
  // Nothing to read is 0.
  bool Read(const std::string& path, int32_t* number);

  const Options options_;
  Clock& clock_;
  FileSystem& file_system_;
  std::atomic<bool> stopped_{true};
  std::atomic<uint64_t> reads_{0};
  // On the sampler's thread.
  ReadingGrid grid_;
};

// "hwmon:" is the only power sensor there is; "hwmon:NAME" the one whose driver calls it so;
// "hwmon:/sys/class/hwmon/hwmon3" that one.
absl::StatusOr<std::unique_ptr<PowerSensor>> MakeHwmon(const SensorUri& uri,
                                                       const PowerSensorDependencies& dependencies);

}  // namespace tinyjoule

#endif  // AGENT_POWER_HWMON_SENSOR_H_
