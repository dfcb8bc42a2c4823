// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_POWER_SENSOR_H_
#define AGENT_CORE_POWER_SENSOR_H_

#include "absl/status/status.h"
#include "common/energy/sample_block.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// One conversion as the sensor gives it; SensorDescription says what the counts mean. The time is a
// whole number of microseconds.
using RawSample = RawCounts;

enum class ReadOutcome {
  kSample,
  // This conversion is lost (a bus error); the next one may be read.
  kFailed,
  // There are no more conversions: the trace ended, or the sensor was stopped.
  kEnd,
};

// A source of power conversions.
//   1. Describe() at any time, from any thread.
//   2. Start() before the first conversion.
//   3. ReadConversion() again and again, on the sampler's thread only.
//   4. Stop() from any thread: ReadConversion answers kEnd after the current conversion.
//   5. Start() again begins anew.
class PowerSensor {
 public:
  virtual ~PowerSensor() = default;
  virtual v1::SensorDescription Describe() const = 0;
  [[nodiscard]] virtual absl::Status Start() = 0;
  // Blocks until the next conversion. Times strictly increase; each conversion comes once.
  // Allocates nothing, locks nothing and logs nothing.
  virtual ReadOutcome ReadConversion(RawSample* sample) = 0;
  virtual void Stop() = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_POWER_SENSOR_H_
