// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_STATISTICS_H_
#define COMMON_ENERGY_STATISTICS_H_

#include <optional>

#include "absl/types/span.h"

namespace tinyjoule {

// Quantile of Student's t: P(T <= quantile) = probability in (0, 1), degrees_of_freedom > 0.
double StudentTQuantile(double probability, double degrees_of_freedom);

double Mean(absl::Span<const double> values);
// Of a sorted or unsorted set; the mean of the middle two when their number is even. Not empty.
double Median(absl::Span<const double> values);
// With n - 1; 0 for fewer than two values.
double SampleStandardDeviation(absl::Span<const double> values);
// Lag-1 autocorrelation; 0 for fewer than three values or no variance.
double LagOneAutocorrelation(absl::Span<const double> values);

struct Interval {
  double low = 0;
  double high = 0;
};
// The 95 % interval of the mean, t(0.975, n - 1) s / sqrt(n); absent for fewer than two values.
std::optional<Interval> MeanInterval95(absl::Span<const double> values);

// Standard error of a mean of n correlated values: s sqrt((1 + rho) / (n (1 - rho))).
double CorrelatedStandardError(double stddev, double rho, double n);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_STATISTICS_H_
