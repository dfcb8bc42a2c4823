// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/steadiness.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace tinyjoule {

void Trend::Add(int64_t t_ns, double value) {
  readings_.push_back({t_ns, value});
  while (readings_.size() > kLeastReadings && readings_.front().t_ns <= t_ns - look_back_ns_) {
    readings_.pop_front();
  }
}

bool Trend::IsNewer(const Reading& reading) const {
  return reading.t_ns > readings_.back().t_ns - look_back_ns_ / 2;
}

std::optional<double> Trend::MeanOf(bool newer) const {
  double sum = 0;
  int count = 0;
  for (const Reading& reading : readings_) {
    if (IsNewer(reading) != newer) continue;
    sum += reading.value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

std::optional<double> Trend::Change() const {
  const std::optional<double> older = MeanOf(/*newer=*/false);
  if (!older) return std::nullopt;
  return newest_mean() - *older;
}

double Trend::newest_mean() const { return MeanOf(/*newer=*/true).value_or(0); }

std::vector<std::string> Steadiness::Movements() const {
  const double half_s = static_cast<double>(look_back_ns_) * 0.5e-9;
  std::vector<std::string> movements;
  const double power_w = power_w_.Change().value_or(0);
  if (std::abs(power_w) > kPowerTolerance * std::abs(power_w_.newest_mean())) {
    movements.push_back(absl::StrFormat("the power moved by %+.1f %% in %.1f s",
                                        100 * power_w / std::abs(power_w_.newest_mean()), half_s));
  }
  const double temp_c = temp_c_.Change().value_or(0);
  if (std::abs(temp_c) > kTemperatureToleranceC) {
    movements.push_back(
        absl::StrFormat("the temperature moved by %+.1f C in %.1f s", temp_c, half_s));
  }
  return movements;
}

}  // namespace tinyjoule
