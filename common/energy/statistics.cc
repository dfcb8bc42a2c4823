// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

namespace tinyjoule {

double StudentTQuantile(double probability, double degrees_of_freedom) {
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), probability);
}

double Mean(absl::Span<const double> values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  const double n = static_cast<double>(values.size());
  // The second pass takes away the rounding of the first.
  const double mean = sum / n;
  double rest = 0;
  for (const double value : values) rest += value - mean;
  return mean + rest / n;
}

double Median(absl::Span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return sorted[middle - 1] + (sorted[middle] - sorted[middle - 1]) / 2;
}

double SampleStandardDeviation(absl::Span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = Mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double LagOneAutocorrelation(absl::Span<const double> values) {
  if (values.size() < 3) return 0;
  const double mean = Mean(values);
  double squares = 0;
  double products = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - mean) * (values[i] - mean);
    if (i > 0) products += (values[i] - mean) * (values[i - 1] - mean);
  }
  return squares > 0 ? products / squares : 0;
}

std::optional<Interval> MeanInterval95(absl::Span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const double n = static_cast<double>(values.size());
  const double half =
      StudentTQuantile(0.975, n - 1) * SampleStandardDeviation(values) / std::sqrt(n);
  const double mean = Mean(values);
  return Interval{mean - half, mean + half};
}

double CorrelatedStandardError(double stddev, double rho, double n) {
  if (n < 2) return stddev;
  // Near one the formula has a pole: n fully correlated values are worth one.
  const double limit = (n - 1) / (n + 1);
  const double bounded = std::clamp(rho, -limit, limit);
  return stddev * std::sqrt((1 + bounded) / (n * (1 - bounded)));
}

}  // namespace tinyjoule
