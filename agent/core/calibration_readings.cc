// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/calibration_readings.h"

#include <algorithm>

#include "common/base/clock.h"
#include "common/energy/statistics.h"

namespace tinyjoule {

CalibrationReadings::CalibrationReadings(const v1::SensorDescription& sensor, int64_t begin_ns,
                                         int64_t duration_ns)
    : converter_(sensor), begin_ns_(begin_ns), duration_ns_(duration_ns) {}

void CalibrationReadings::Add(absl::Span<const RawCounts> samples) {
  for (const RawCounts& sample : samples) {
    const int64_t into_ns = sample.t_ns - begin_ns_;
    if (into_ns < 0 || into_ns >= duration_ns_) continue;
    if (count_++ == 0) first_ns_ = sample.t_ns;
    last_ns_ = sample.t_ns;
    if (converter_.Clipped(sample)) ++clipped_;
    const auto second = static_cast<size_t>(into_ns / kNsPerSecond);
    if (second >= seconds_.size()) seconds_.resize(second + 1);
    Sum& sum = seconds_[second];
    ++sum.count;
    sum.shunt_counts += sample.shunt;
    sum.power_w += converter_.Convert(sample).power_w;
  }
}

double CalibrationReadings::rate_hz() const {
  if (count_ < 2) return 0;
  return static_cast<double>(count_ - 1) * kNsPerSecond / static_cast<double>(last_ns_ - first_ns_);
}

double CalibrationReadings::shunt_counts() const {
  double sum = 0;
  for (const Sum& second : seconds_) sum += second.shunt_counts;
  return count_ == 0 ? 0 : sum / static_cast<double>(count_);
}

double CalibrationReadings::power_w() const {
  double sum = 0;
  for (const Sum& second : seconds_) sum += second.power_w;
  return count_ == 0 ? 0 : sum / static_cast<double>(count_);
}

double CalibrationReadings::shunt_scatter_counts() const {
  return SampleStandardDeviation(SecondMeans(&Sum::shunt_counts));
}

double CalibrationReadings::power_scatter_w() const {
  return SampleStandardDeviation(SecondMeans(&Sum::power_w));
}

size_t CalibrationReadings::seconds() const { return SecondMeans(&Sum::power_w).size(); }

std::vector<double> CalibrationReadings::SecondMeans(double Sum::*quantity) const {
  std::vector<double> means;
  const auto whole = static_cast<size_t>(duration_ns_ / kNsPerSecond);
  for (size_t i = 0; i < std::min(whole, seconds_.size()); ++i) {
    if (seconds_[i].count == 0) continue;
    means.push_back(seconds_[i].*quantity / static_cast<double>(seconds_[i].count));
  }
  return means;
}

}  // namespace tinyjoule
