// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CALIBRATION_READINGS_H_
#define AGENT_CORE_CALIBRATION_READINGS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/energy/conversion.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// Means of the conversions of a span of time, as a whole and second by second. One thread.
class CalibrationReadings {
 public:
  // Of the conversions that end in [begin_ns, begin_ns + duration_ns); the description turns counts
  // into watts.
  CalibrationReadings(const v1::SensorDescription& sensor, int64_t begin_ns, int64_t duration_ns);
  void Add(absl::Span<const RawCounts> samples);

  uint64_t count() const { return count_; }
  uint64_t clipped() const { return clipped_; }
  // Conversions per second, from the first to the last one; 0 for fewer than two.
  double rate_hz() const;
  // 0 without conversions.
  double shunt_counts() const;
  double power_w() const;
  // Scatter of the means over whole seconds: their sample standard deviation.
  double shunt_scatter_counts() const;
  double power_scatter_w() const;
  // Whole seconds that had conversions.
  size_t seconds() const;

 private:
  struct Sum {
    uint64_t count = 0;
    double shunt_counts = 0;
    double power_w = 0;
  };
  // The means of the whole seconds.
  std::vector<double> SecondMeans(double Sum::*quantity) const;

  const CountConverter converter_;
  const int64_t begin_ns_;
  const int64_t duration_ns_;
  uint64_t count_ = 0;
  uint64_t clipped_ = 0;
  int64_t first_ns_ = 0;
  int64_t last_ns_ = 0;
  std::vector<Sum> seconds_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CALIBRATION_READINGS_H_
