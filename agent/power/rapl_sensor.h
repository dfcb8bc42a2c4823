// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_RAPL_SENSOR_H_
#define AGENT_POWER_RAPL_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/core/power_sensor.h"
#include "agent/power/make_power_sensor.h"
#include "agent/power/reading_grid.h"
#include "agent/power/sensor_uri.h"
#include "common/energy/rapl_counters.h"

namespace tinyjoule {

// The energy counters of a PC's processor, below /sys/class/powercap: the mean power between two
// readings, in microwatts. It sees the processor (or its memory), not the board.
class RaplSensor final : public PowerSensor {
 public:
  struct Options {
    std::string uri;
    int64_t interval_ns = 0;
  };
  // The clock outlives the sensor.
  RaplSensor(Options options, RaplCounters counters, Clock& clock);

  v1::SensorDescription Describe() const override;
  absl::Status Start() override;
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { stopped_.store(true); }
  SensorHealth Health() const override;

 private:
  const Options options_;
  RaplCounters counters_;
  Clock& clock_;
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
