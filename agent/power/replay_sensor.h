// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_REPLAY_SENSOR_H_
#define AGENT_POWER_REPLAY_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "agent/core/power_sensor.h"
#include "agent/power/power_trace.h"
#include "common/base/clock.h"

namespace tinyjoule {

// Plays a recorded trace at its own pace, from the moment of Start; from its beginning again, one
// cycle after its end, when `loop` is set. The watts are real and not this board's: simulated.
class ReplaySensor final : public PowerSensor {
 public:
  // The clock outlives the sensor.
  ReplaySensor(std::string uri, PowerTrace trace, bool loop, Clock& clock);

  v1::SensorDescription Describe() const override;
  absl::Status Start() override;
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { stopped_.store(true); }

 private:
  const std::string uri_;
  const PowerTrace trace_;
  const bool loop_;
  Clock& clock_;
  std::atomic<bool> stopped_{true};
  // On the sampler's thread. The time that the trace's own time 0 has now.
  int64_t origin_ns_ = 0;
  size_t next_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_REPLAY_SENSOR_H_
