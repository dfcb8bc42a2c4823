// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/sampler_flags.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/energy/flag_catalog.h"

namespace tinyjoule {
namespace {

constexpr double kNsPerMicrosecond = 1e3;

void AddConfiguration(const v1::SamplerReport& report, std::vector<v1::Flag>& flags) {
  const std::string words = absl::StrFormat(
      "wrote 0x%04X, found 0x%04X", report.configuration_written(), report.configuration_found());
  if (report.reset_seen()) flags.push_back(MakeFlag("SENSOR_RESET", words));
  if (report.configuration_changed()) flags.push_back(MakeFlag("CONFIG_CHANGED", words));
}

void AddErrors(const v1::SamplerReport& report, std::vector<v1::Flag>& flags) {
  if (report.failed_reads() == 0) return;
  flags.push_back(
      MakeFlag("I2C_ERROR", report.failed_in_a_row_max() > kToleratedFailuresInARow,
               absl::StrFormat("%d conversions lost, up to %d in a row; %d reads worked at a "
                               "second try",
                               report.failed_reads(), report.failed_in_a_row_max(),
                               report.retried_reads())));
}

// The clock may move between qualification and run as well as within the run, either way.
void AddClock(const v1::SensorDescription& sensor, const v1::SamplerReport& report,
              std::vector<v1::Flag>& flags) {
  const double median_us = report.read_time_us();
  const double worst_us = std::max(report.read_time_worst_us(), median_us);
  const double qualified_us = static_cast<double>(sensor.read_time_ns()) / kNsPerMicrosecond;
  const double reference_us = qualified_us > 0 ? qualified_us : median_us;
  const bool slower = reference_us > 0 && worst_us > kReadTimeFactor * reference_us;
  const bool faster = median_us > 0 && reference_us > kReadTimeFactor * median_us;
  if (!slower && !faster) return;
  flags.push_back(
      MakeFlag("I2C_CLOCK", absl::StrFormat("a conversion took %.0f us to read at first, then "
                                            "%.0f us, at worst %.0f us",
                                            reference_us, median_us, worst_us)));
}

void AddLateness(const v1::SensorDescription& sensor, const v1::SamplerReport& report,
                 std::vector<v1::Flag>& flags) {
  const double half_cycle_us = static_cast<double>(sensor.cycle_ns()) / kNsPerMicrosecond / 2;
  if (half_cycle_us <= 0 || report.lateness_p99_us() <= half_cycle_us) return;
  flags.push_back(
      MakeFlag("SAMPLER_LATE", absl::StrFormat("1 of 100 samples over %.0f us late, limit %.0f us",
                                               report.lateness_p99_us(), half_cycle_us)));
}

}  // namespace

std::vector<v1::Flag> SamplerFlags(const v1::SensorDescription& sensor,
                                   const v1::SamplerReport& report) {
  std::vector<v1::Flag> flags;
  AddConfiguration(report, flags);
  AddErrors(report, flags);
  AddClock(sensor, report, flags);
  AddLateness(sensor, report, flags);
  return flags;
}

}  // namespace tinyjoule
