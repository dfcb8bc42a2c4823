// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_SIMULATED_SENSOR_H_
#define AGENT_POWER_SIMULATED_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "agent/core/power_sensor.h"
#include "agent/power/cpu_load.h"
#include "common/base/clock.h"
#include "common/base/random_source.h"

namespace tinyjoule {

// An INA219 at x8 / 12 bit (one conversion in 4.79 ms) in the supply of a board whose power follows
// the real processor time of the measured process: idle_w without load, busy_w with one core busy,
// linear in between and beyond. It never claims to be a meter: Describe() says simulated.
// Unlike the chip it loses nothing when the reader is late: a late conversion is marked LATE.
class SimulatedSensor final : public PowerSensor {
 public:
  struct Options {
    std::string uri = "sim:";
    uint64_t seed = 1;
    double idle_w = 2.6;
    double busy_w = 4.9;
    // Standard deviation of the noise of one conversion.
    double noise_w = 0.01;
    double supply_v = 5.1;
  };
  // Both references outlive the sensor.
  SimulatedSensor(const Options& options, Clock& clock, const CpuTimeSource& load);

  v1::SensorDescription Describe() const override;
  absl::Status Start() override;
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { stopped_.store(true); }

  static constexpr int64_t kCycleNs = 4'790'000;

 private:
  // Cores that the process kept busy since the last call.
  double MeasureLoad();
  // Near a standard normal: the sum of twelve uniforms less six.
  double Noise();
  void Convert(double power_w, RawSample* sample) const;

  const Options options_;
  Clock& clock_;
  const CpuTimeSource& load_;
  std::atomic<bool> stopped_{true};
  // On the sampler's thread.
  SeededRandom random_;
  int64_t next_edge_ns_ = 0;
  int64_t last_reading_ns_ = 0;
  int64_t last_cpu_ns_ = 0;
  double load_cores_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_SIMULATED_SENSOR_H_
