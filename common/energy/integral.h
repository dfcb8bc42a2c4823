// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_INTEGRAL_H_
#define COMMON_ENERGY_INTEGRAL_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "common/energy/conversion.h"
#include "common/energy/sample_block.h"
#include "common/units/units.h"

namespace tinyjoule {

// A marked span on the sampler's clock.
struct TimeSpan {
  int64_t start_ns = 0;
  int64_t end_ns = 0;
};

enum class IntegrationRule {
  // Each sample is the mean over its own conversion interval, as an averaging sensor gives it.
  kBoxcar,
  // Samples are points that a polling logger took: straight lines between neighbours.
  kTrapezoid,
};

struct IntegrationOptions {
  IntegrationRule rule = IntegrationRule::kBoxcar;
  // The sensor's time between conversions; above 0.
  int64_t cycle_ns = 0;
};

// Idle power as a straight line through two points; constant when both times are equal.
struct IdleBaseline {
  int64_t a_ns = 0;
  double a_w = 0;
  int64_t b_ns = 0;
  double b_w = 0;
  double PowerAt(int64_t t_ns) const;
};

// What the samples say about one span. Means are over the covered time.
struct SpanIntegral {
  double energy_j = 0;
  // The idle baseline over the covered time; 0 without one.
  double idle_j = 0;
  // Whole nanoseconds: a span that is covered is covered exactly.
  int64_t covered_ns = 0;
  int64_t duration_ns = 0;
  // Longest piece of the span that no sample covers.
  int64_t gap_max_ns = 0;
  // Samples whose time lies in (start, end].
  uint64_t sample_count = 0;
  double power_mean_w = 0;
  double power_peak_w = 0;
  double current_mean_a = 0;
  double current_peak_a = 0;
  double voltage_mean_v = 0;
  // Standard deviation and lag-1 autocorrelation of the power of those samples.
  double power_stddev_w = 0;
  double power_autocorrelation = 0;
  // Sum over both edges of |P_in - P_out| C, in joules: what a wrong edge time may cost.
  double edge_step_j = 0;

  // Share of the span that samples cover, in [0, 1].
  double coverage() const {
    return duration_ns > 0 ? static_cast<double>(covered_ns) / static_cast<double>(duration_ns) : 0;
  }
  double covered_s() const { return SecondsFromNs(covered_ns); }
  double duration_s() const { return SecondsFromNs(duration_ns); }
  double gap_max_s() const { return SecondsFromNs(gap_max_ns); }
};

// The energy of a span, as docs/how-we-measure.md says:
//   interval_k = [t_k - C_k, t_k]; C_k = t_k - t_(k-1) when that is within 25 % of the cycle, else
//   at most one cycle: the rest is a gap, which nothing fills;
//   E = sum P_k |interval_k in span| + for the two straddling intervals (P_in - P_out) C f (1 - f),
//   f being the share of the interval that lies in the span.
// kTrapezoid integrates straight lines, cut at the span's edges; neighbours more than
// kTrapezoidGapCycles cycles apart leave a gap. `samples` are ordered by time; those outside the
// span may be there and serve the edges.
SpanIntegral Integrate(absl::Span<const PowerSample> samples, TimeSpan span,
                       const IntegrationOptions& options,
                       const std::optional<IdleBaseline>& baseline);

inline constexpr double kBoxcarTolerance = 0.25;
inline constexpr double kTrapezoidGapCycles = 4;

// The median time between samples; 0 for fewer than two.
int64_t MedianIntervalNs(absl::Span<const RawCounts> samples);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_INTEGRAL_H_
