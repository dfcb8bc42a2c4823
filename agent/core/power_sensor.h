// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_POWER_SENSOR_H_
#define AGENT_CORE_POWER_SENSOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

// What a sensor noticed since Start, beside its samples.
struct SensorHealth {
  // Reads of a register or file, and those of them that worked at a second try.
  uint64_t reads = 0;
  uint64_t retried_reads = 0;
  uint64_t configuration_checks = 0;
  // The configuration read back was the chip's reset value, or another one than was written.
  bool reset_seen = false;
  bool configuration_changed = false;
  uint16_t configuration_written = 0;
  uint16_t configuration_found = 0;
  // Time to read one conversion from the bus: median, and the slowest of the medians of 64
  // conversions. 0: the sensor has no bus.
  int64_t read_time_ns = 0;
  int64_t read_time_worst_ns = 0;
  // 99th percentile of the time from a conversion's end to its being noticed.
  int64_t lateness_p99_ns = 0;
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
  // The configuration is read back after the current conversion, on the sampler's thread, and
  // Health tells what came of it. Any thread. Sensors without a configuration ignore it.
  virtual void RequestCheck() {}
  // Since Start; any thread.
  virtual SensorHealth Health() const { return {}; }
  // Words that SetResolution takes, such as "x8", the fastest first; empty: there is but one.
  virtual std::vector<std::string> Resolutions() const { return {}; }
  // From the next Start on; Describe says it at once. Only before Start or after ReadConversion
  // gave kEnd. InvalidArgument: not one of Resolutions.
  [[nodiscard]] virtual absl::Status SetResolution(const std::string& word) {
    return absl::InvalidArgumentError(absl::StrCat("this sensor has no resolution ", word));
  }
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_POWER_SENSOR_H_
