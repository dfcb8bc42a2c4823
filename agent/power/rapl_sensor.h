// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_RAPL_SENSOR_H_
#define AGENT_POWER_RAPL_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/power_sensor.h"
#include "agent/power/make_power_sensor.h"
#include "agent/power/sensor_uri.h"
#include "agent/power/sysfs_reading.h"

namespace tinyjoule {

// The energy counters of a PC's processor, below /sys/class/powercap: the mean power between two
// readings, in microwatts. It sees the processor (or its memory), not the board.
class RaplSensor final : public PowerSensor {
 public:
  // One counter.
  struct Zone {
    std::string energy_path;
    // The counter begins again after it.
    int64_t range_uj = 0;
    int64_t last_uj = 0;
  };
  struct Options {
    std::string uri;
    // Such as "package-0 + package-1".
    std::string what;
    int64_t interval_ns = 0;
    std::vector<Zone> zones;
  };
  // Both references outlive the sensor.
  RaplSensor(Options options, Clock& clock, FileSystem& file_system);

  v1::SensorDescription Describe() const override;
  absl::Status Start() override;
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { stopped_.store(true); }
  SensorHealth Health() const override;

 private:
  // Energy since the last reading over all zones; -1: a counter could not be read.
  int64_t TakeEnergyUj();

  Options options_;
  Clock& clock_;
  FileSystem& file_system_;
  std::atomic<bool> stopped_{true};
  std::atomic<uint64_t> reads_{0};
  // On the sampler's thread.
  ReadingGrid grid_;
  int64_t last_ns_ = 0;
};

// "rapl:" is every package, "rapl:NAME" every zone of that name, such as package-0, core or dram.
absl::StatusOr<std::unique_ptr<PowerSensor>> MakeRapl(const SensorUri& uri,
                                                      const PowerSensorDependencies& dependencies);

}  // namespace tinyjoule

#endif  // AGENT_POWER_RAPL_SENSOR_H_
