// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_POWER_TRACE_H_
#define AGENT_POWER_POWER_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/core/power_sensor.h"

namespace tinyjoule {

// A recorded trace of an INA219 logger. Counts are whole millivolts (bus), tenths of a microvolt
// over a shunt of 0.1 ohm (so that a count is 1 uA), and microwatts (power): every digit of the
// file is kept. Times are since the recording's start.
struct PowerTrace {
  std::vector<RawSample> samples;
  // Median time between samples.
  int64_t cycle_ns = 0;
};

// Reads "TimeStamp, Voltage (V), Current (mA), Power (mW)" with rows as
// "0:00:00.000131,5.120,257.463,1325.366" (h:mm:ss.ffffff since the start; blanks around cells
// allowed). InvalidArgument with file_name:line: an unknown header, a cell that is no number, times
// that do not grow, fewer than two rows.
absl::StatusOr<PowerTrace> ParsePowerTrace(absl::string_view text, const std::string& file_name);

// How the counts of every trace read.
v1::SensorDescription DescribeTrace(const PowerTrace& trace);

}  // namespace tinyjoule

#endif  // AGENT_POWER_POWER_TRACE_H_
