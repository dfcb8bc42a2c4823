// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/integral.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/energy/statistics.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

using Samples = absl::Span<const PowerSample>;

// Adds up covered pieces of a span, in order of time, and sees what lies between them.
class PieceSum {
 public:
  PieceSum(TimeSpan span, const std::optional<IdleBaseline>& baseline, SpanIntegral& integral)
      : span_(span), baseline_(baseline), integral_(integral), covered_until_ns_(span.start_ns) {}

  void Add(int64_t begin_ns, int64_t end_ns, double power_w, double current_a, double voltage_v) {
    const double seconds = SecondsFromNs(end_ns - begin_ns);
    integral_.energy_j += power_w * seconds;
    integral_.covered_ns += end_ns - begin_ns;
    ampere_seconds_ += current_a * seconds;
    volt_seconds_ += voltage_v * seconds;
    if (baseline_) {
      integral_.idle_j += baseline_->PowerAt(begin_ns + (end_ns - begin_ns) / 2) * seconds;
    }
    SeeGap(begin_ns);
    covered_until_ns_ = end_ns;
  }

  // The means; the last gap. Call once, last, before any correction of the energy.
  void Finish() {
    SeeGap(span_.end_ns);
    if (integral_.covered_ns <= 0) return;
    integral_.current_mean_a = ampere_seconds_ / integral_.covered_s();
    integral_.voltage_mean_v = volt_seconds_ / integral_.covered_s();
  }

 private:
  void SeeGap(int64_t next_ns) {
    integral_.gap_max_ns = std::max(integral_.gap_max_ns, next_ns - covered_until_ns_);
  }

  const TimeSpan span_;
  const std::optional<IdleBaseline>& baseline_;
  SpanIntegral& integral_;
  int64_t covered_until_ns_;
  double ampere_seconds_ = 0;
  double volt_seconds_ = 0;
};

// The first sample after `t_ns`.
size_t FirstAfter(Samples samples, int64_t t_ns) {
  const auto after = [](int64_t t, const PowerSample& sample) { return t < sample.t_ns; };
  return std::upper_bound(samples.begin(), samples.end(), t_ns, after) - samples.begin();
}

// How long the conversion of sample k took: C_k.
int64_t ConversionNs(Samples samples, size_t k, int64_t cycle_ns) {
  if (k == 0) return cycle_ns;
  const int64_t interval_ns = samples[k].t_ns - samples[k - 1].t_ns;
  const double off = std::abs(static_cast<double>(interval_ns - cycle_ns));
  if (off <= kBoxcarTolerance * static_cast<double>(cycle_ns)) return interval_ns;
  return std::min(interval_ns, cycle_ns);
}

// True when nothing lies between the conversions of k - 1 and k.
bool FollowsDirectly(Samples samples, size_t k, int64_t cycle_ns) {
  return k > 0 && samples[k].t_ns - samples[k - 1].t_ns == ConversionNs(samples, k, cycle_ns);
}

// A conversion that straddles an edge of the span.
struct Edge {
  double share_in_span;
  double power_in_w;
  double power_out_w;
};

void CorrectEdge(const Edge& edge, int64_t conversion_ns, SpanIntegral& integral) {
  const double f = edge.share_in_span;
  const double step_j = (edge.power_in_w - edge.power_out_w) * SecondsFromNs(conversion_ns);
  integral.energy_j += step_j * f * (1 - f);
  integral.edge_step_j += std::abs(step_j);
}

// The interval k holds the span's start; its neighbours tell the power on both sides.
void CorrectStart(Samples samples, size_t k, TimeSpan span, int64_t cycle_ns,
                  SpanIntegral& integral) {
  const bool has_neighbours = k + 1 < samples.size() && FollowsDirectly(samples, k, cycle_ns) &&
                              FollowsDirectly(samples, k + 1, cycle_ns);
  if (!has_neighbours || samples[k + 1].t_ns > span.end_ns) return;
  const int64_t conversion_ns = ConversionNs(samples, k, cycle_ns);
  const double share =
      static_cast<double>(samples[k].t_ns - span.start_ns) / static_cast<double>(conversion_ns);
  if (share >= 1) return;
  CorrectEdge({share, samples[k + 1].power_w, samples[k - 1].power_w}, conversion_ns, integral);
}

void CorrectEnd(Samples samples, size_t k, TimeSpan span, int64_t cycle_ns,
                SpanIntegral& integral) {
  const bool has_neighbours = k > 0 && k + 1 < samples.size() &&
                              FollowsDirectly(samples, k, cycle_ns) &&
                              FollowsDirectly(samples, k + 1, cycle_ns);
  if (!has_neighbours) return;
  const int64_t inner_begin_ns = samples[k - 1].t_ns - ConversionNs(samples, k - 1, cycle_ns);
  if (inner_begin_ns < span.start_ns) return;
  const int64_t conversion_ns = ConversionNs(samples, k, cycle_ns);
  const double share =
      static_cast<double>(span.end_ns - samples[k - 1].t_ns) / static_cast<double>(conversion_ns);
  if (share <= 0 || share >= 1) return;
  CorrectEdge({share, samples[k - 1].power_w, samples[k + 1].power_w}, conversion_ns, integral);
}

void IntegrateBoxcar(Samples samples, TimeSpan span, int64_t cycle_ns, PieceSum& pieces) {
  for (size_t k = FirstAfter(samples, span.start_ns); k < samples.size(); ++k) {
    const PowerSample& sample = samples[k];
    const int64_t begin_ns = sample.t_ns - ConversionNs(samples, k, cycle_ns);
    if (begin_ns >= span.end_ns) break;
    pieces.Add(std::max(begin_ns, span.start_ns), std::min(sample.t_ns, span.end_ns),
               sample.power_w, sample.current_a, sample.bus_voltage_v);
  }
}

void CorrectEdges(Samples samples, TimeSpan span, int64_t cycle_ns, SpanIntegral& integral) {
  const size_t first = FirstAfter(samples, span.start_ns);
  // The first sample at or after the end.
  const size_t last = FirstAfter(samples, span.end_ns - 1);
  if (first < last) CorrectStart(samples, first, span, cycle_ns, integral);
  if (last > first && last < samples.size()) CorrectEnd(samples, last, span, cycle_ns, integral);
}

double Between(double a, double b, double share) { return a + (b - a) * share; }

void IntegrateTrapezoid(Samples samples, TimeSpan span, int64_t cycle_ns, PieceSum& pieces) {
  const double longest_ns = kTrapezoidGapCycles * static_cast<double>(cycle_ns);
  for (size_t k = std::max<size_t>(1, FirstAfter(samples, span.start_ns)); k < samples.size();
       ++k) {
    const PowerSample& a = samples[k - 1];
    const PowerSample& b = samples[k];
    if (a.t_ns >= span.end_ns) break;
    const double length_ns = static_cast<double>(b.t_ns - a.t_ns);
    if (length_ns > longest_ns) continue;
    const int64_t begin_ns = std::max(a.t_ns, span.start_ns);
    const int64_t end_ns = std::min(b.t_ns, span.end_ns);
    // The mean of a straight line is its value in the middle.
    const double middle =
        (static_cast<double>(begin_ns - a.t_ns) + static_cast<double>(end_ns - a.t_ns)) / 2 /
        length_ns;
    pieces.Add(begin_ns, end_ns, Between(a.power_w, b.power_w, middle),
               Between(a.current_a, b.current_a, middle),
               Between(a.bus_voltage_v, b.bus_voltage_v, middle));
  }
}

void DescribeSamples(Samples samples, TimeSpan span, SpanIntegral& integral) {
  const size_t begin = FirstAfter(samples, span.start_ns);
  const size_t end = FirstAfter(samples, span.end_ns);
  integral.sample_count = end - begin;
  std::vector<double> power;
  power.reserve(end - begin);
  for (size_t k = begin; k < end; ++k) {
    power.push_back(samples[k].power_w);
    integral.power_peak_w =
        k == begin ? samples[k].power_w : std::max(integral.power_peak_w, samples[k].power_w);
    integral.current_peak_a =
        k == begin ? samples[k].current_a : std::max(integral.current_peak_a, samples[k].current_a);
  }
  integral.power_stddev_w = SampleStandardDeviation(power);
  integral.power_autocorrelation = LagOneAutocorrelation(power);
}

}  // namespace

double IdleBaseline::PowerAt(int64_t t_ns) const {
  if (a_ns == b_ns) return (a_w + b_w) / 2;
  const double share = static_cast<double>(t_ns - a_ns) / static_cast<double>(b_ns - a_ns);
  return Between(a_w, b_w, share);
}

SpanIntegral Integrate(Samples samples, TimeSpan span, const IntegrationOptions& options,
                       const std::optional<IdleBaseline>& baseline) {
  SpanIntegral integral;
  integral.duration_ns = span.end_ns - span.start_ns;
  PieceSum pieces(span, baseline, integral);
  if (options.rule == IntegrationRule::kBoxcar) {
    IntegrateBoxcar(samples, span, options.cycle_ns, pieces);
  } else {
    IntegrateTrapezoid(samples, span, options.cycle_ns, pieces);
  }
  pieces.Finish();
  if (options.rule == IntegrationRule::kBoxcar && integral.covered_ns > 0) {
    CorrectEdges(samples, span, options.cycle_ns, integral);
  }
  if (integral.covered_ns > 0) integral.power_mean_w = integral.energy_j / integral.covered_s();
  DescribeSamples(samples, span, integral);
  return integral;
}

int64_t MedianIntervalNs(absl::Span<const RawCounts> samples) {
  if (samples.size() < 2) return 0;
  std::vector<int64_t> intervals;
  intervals.reserve(samples.size() - 1);
  for (size_t k = 1; k < samples.size(); ++k) {
    intervals.push_back(samples[k].t_ns - samples[k - 1].t_ns);
  }
  const auto middle = intervals.begin() + static_cast<int64_t>(intervals.size() / 2);
  std::nth_element(intervals.begin(), middle, intervals.end());
  return *middle;
}

}  // namespace tinyjoule
