// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/energy_report.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/energy/conversion.h"
#include "common/energy/energy_flags.h"
#include "common/energy/integral.h"
#include "common/energy/statistics.h"
#include "common/energy/uncertainty.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

constexpr int64_t kMaxMarkNs = int64_t{1} << 62;

bool HasSensor(const v1::SensorDescription& sensor) {
  return !sensor.kind().empty() && sensor.kind() != "none";
}

std::string PowerSourceOf(const v1::SensorDescription& sensor) {
  return HasSensor(sensor) ? sensor.kind() : "none";
}

absl::Status CheckWindow(const v1::MarkedWindow& window) {
  const bool known = window.kind() == v1::WINDOW_KIND_IDLE_A ||
                     window.kind() == v1::WINDOW_KIND_INFERENCE ||
                     window.kind() == v1::WINDOW_KIND_IDLE_B;
  const bool ordered = 0 <= window.start_mono_ns() &&
                       window.start_mono_ns() < window.end_mono_ns() &&
                       window.end_mono_ns() <= kMaxMarkNs;
  if (known && ordered) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("window ", window.index(), " of kind ",
                                                 window.kind(), " spans ", window.start_mono_ns(),
                                                 " to ", window.end_mono_ns(), " ns"));
}

absl::Status CheckOrder(absl::Span<const RawCounts> samples) {
  for (size_t k = 1; k < samples.size(); ++k) {
    if (samples[k].t_ns > samples[k - 1].t_ns) continue;
    return absl::InvalidArgumentError(absl::StrCat("sample ", k, " at ", samples[k].t_ns,
                                                   " ns does not follow ", samples[k - 1].t_ns));
  }
  return absl::OkStatus();
}

// What Integrate looks at: the samples of the span and, for its edges, a few around it. A long run
// is converted window by window: an agent has no memory for all of it in physical units.
absl::Span<const RawCounts> Around(absl::Span<const RawCounts> samples, TimeSpan span) {
  constexpr ptrdiff_t kNeighbours = 3;
  const auto after = [](int64_t t_ns, const RawCounts& counts) { return t_ns < counts.t_ns; };
  const auto first = std::upper_bound(samples.begin(), samples.end(), span.start_ns, after);
  const auto last = std::upper_bound(first, samples.end(), span.end_ns, after);
  const ptrdiff_t begin = std::max<ptrdiff_t>(first - samples.begin() - kNeighbours, 0);
  const ptrdiff_t end =
      std::min(last - samples.begin() + kNeighbours, samples.end() - samples.begin());
  return samples.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

// Computes one run's report; a scratch pad, used once.
class Accountant {
 public:
  Accountant(const v1::SensorDescription& sensor, absl::Span<const RawCounts> counts,
             absl::Span<const v1::MarkedWindow> windows)
      : sensor_(sensor), converter_(sensor), counts_(counts), windows_(windows) {
    options_.rule =
        sensor.kind() == "replay" ? IntegrationRule::kTrapezoid : IntegrationRule::kBoxcar;
    options_.cycle_ns = sensor.cycle_ns() > 0 ? sensor.cycle_ns() : MedianIntervalNs(counts);
  }

  EnergyReport Compute() {
    FindBaseline();
    for (const v1::MarkedWindow& mark : windows_) measured_.push_back({mark, Measure(mark)});
    for (const MeasuredWindow& window : measured_) {
      if (window.mark.kind() == v1::WINDOW_KIND_INFERENCE) AddWindow(window);
    }
    Summarise();
    report_.flags = EnergyFlags({sensor_, counts_, measured_, net_mean_uj_,
                                 report_.summary.uncertainty().combined_net_uj()});
    SetUpperBound();
    return std::move(report_);
  }

 private:
  SpanIntegral Measure(const v1::MarkedWindow& mark) const {
    const TimeSpan span{mark.start_mono_ns(), mark.end_mono_ns()};
    if (options_.cycle_ns > 0) {
      std::vector<PowerSample> samples;
      for (const RawCounts& counts : Around(counts_, span)) {
        samples.push_back(converter_.Convert(counts));
      }
      return Integrate(samples, span, options_, baseline_);
    }
    SpanIntegral nothing;
    nothing.duration_ns = span.end_ns - span.start_ns;
    nothing.gap_max_ns = nothing.duration_ns;
    return nothing;
  }

  void FindBaseline() {
    for (const v1::MarkedWindow& mark : windows_) {
      if (mark.kind() == v1::WINDOW_KIND_INFERENCE) continue;
      const SpanIntegral idle = Measure(mark);
      if (idle.covered_ns <= 0) continue;
      const int64_t middle_ns =
          mark.start_mono_ns() + (mark.end_mono_ns() - mark.start_mono_ns()) / 2;
      if (!baseline_) baseline_ = IdleBaseline{middle_ns, idle.power_mean_w, 0, 0};
      baseline_->b_ns = middle_ns;
      baseline_->b_w = idle.power_mean_w;
      const double error_w = MeanPowerError(idle);
      idle_error_w2_ += error_w * error_w;
      ++idle_count_;
    }
  }

  void AddWindow(const MeasuredWindow& measured) {
    const SpanIntegral& integral = measured.integral;
    v1::WindowEnergy window;
    window.set_window(measured.mark.index());
    window.set_start_ns(measured.mark.start_mono_ns());
    window.set_end_ns(measured.mark.end_mono_ns());
    window.set_inference_count(measured.mark.inference_count());
    window.set_coverage(integral.coverage());
    if (integral.covered_ns > 0) SetEnergy(integral, window);
    window.set_valid(window.has_energy_j() && window.coverage() >= kFatalGapCoverage);
    report_.windows.push_back(window);
    report_.uncertainties.push_back(UncertaintyOf(integral));
    Accumulate(integral);
  }

  void SetEnergy(const SpanIntegral& integral, v1::WindowEnergy& window) const {
    window.set_energy_j(integral.energy_j);
    window.set_power_mean_w(integral.power_mean_w);
    if (integral.sample_count > 0) window.set_power_peak_w(integral.power_peak_w);
    if (!baseline_) return;
    window.set_energy_net_j(integral.energy_j - integral.idle_j);
    window.set_idle_power_w(integral.idle_j / integral.covered_s());
  }

  WindowUncertainty UncertaintyOf(const SpanIntegral& integral) const {
    WindowUncertainty uncertainty = RandomUncertainty(integral, IdleError());
    const SystematicError error = SystematicErrorOf(sensor_, integral.voltage_mean_v);
    const double net_j = integral.energy_j - integral.idle_j;
    uncertainty.systematic_j = error.GrossJ(integral.energy_j, integral.covered_s());
    uncertainty.systematic_net_j = error.NetJ(net_j, integral.covered_s());
    return uncertainty;
  }

  double IdleError() const {
    return idle_count_ == 0 ? 0 : std::sqrt(idle_error_w2_) / idle_count_;
  }

  void Accumulate(const SpanIntegral& integral) {
    energy_j_ += integral.energy_j;
    net_j_ += integral.energy_j - integral.idle_j;
    idle_j_ += integral.idle_j;
    covered_ns_ += integral.covered_ns;
    duration_ns_ += integral.duration_ns;
    ampere_seconds_ += integral.current_mean_a * integral.covered_s();
    volt_seconds_ += integral.voltage_mean_v * integral.covered_s();
    gap_max_ns_ = std::max(gap_max_ns_, integral.gap_max_ns);
    if (integral.sample_count == 0) return;
    power_peak_w_ = std::max(power_peak_w_.value_or(integral.power_peak_w), integral.power_peak_w);
    current_peak_a_ =
        std::max(current_peak_a_.value_or(integral.current_peak_a), integral.current_peak_a);
    sample_count_ += integral.sample_count;
  }

  void Summarise() {
    v1::EnergySummary& summary = report_.summary;
    summary.set_power_source(PowerSourceOf(sensor_));
    if (report_.windows.empty()) return;
    summary.set_sample_count(sample_count_);
    summary.set_sample_rate_hz(static_cast<double>(sample_count_) / SecondsFromNs(duration_ns_));
    summary.set_coverage(static_cast<double>(covered_ns_) / static_cast<double>(duration_ns_));
    summary.set_gap_max_ms(MillisecondsFromNs(gap_max_ns_));
    // A sum with a window missing would look like a smaller energy.
    const bool complete = std::all_of(report_.windows.begin(), report_.windows.end(),
                                      [](const v1::WindowEnergy& w) { return w.has_energy_j(); });
    if (!complete) return;
    const double covered_s = SecondsFromNs(covered_ns_);
    summary.set_energy_j(energy_j_);
    summary.set_power_mean_w(energy_j_ / covered_s);
    if (power_peak_w_) summary.set_power_peak_w(*power_peak_w_);
    if (MeasuresVoltage(sensor_)) {
      summary.set_current_mean_a(ampere_seconds_ / covered_s);
      summary.set_voltage_mean_v(volt_seconds_ / covered_s);
      if (current_peak_a_) summary.set_current_peak_a(*current_peak_a_);
    }
    if (baseline_) {
      summary.set_energy_net_j(net_j_);
      summary.set_idle_power_w(idle_j_ / covered_s);
    }
    SummarisePerInference();
  }

  void SummarisePerInference() {
    std::vector<double> gross_uj;
    std::vector<double> net_uj;
    for (const v1::WindowEnergy& window : report_.windows) {
      if (window.inference_count() == 0) return;
      const double n = static_cast<double>(window.inference_count());
      gross_uj.push_back(MicrojoulesFromJoules(window.energy_j()) / n);
      net_uj.push_back(MicrojoulesFromJoules(window.energy_net_j()) / n);
    }
    v1::EnergySummary& summary = report_.summary;
    summary.set_energy_per_inference_uj(Median(gross_uj));
    *summary.mutable_uncertainty() = BudgetOf(report_.windows, report_.uncertainties);
    if (const std::optional<Interval> interval = MeanInterval95(gross_uj)) {
      summary.set_energy_per_inference_ci95_low_uj(interval->low);
      summary.set_energy_per_inference_ci95_high_uj(interval->high);
    }
    if (baseline_) SummariseNet(net_uj);
  }

  void SummariseNet(const std::vector<double>& net_uj) {
    v1::EnergySummary& summary = report_.summary;
    net_mean_uj_ = Mean(net_uj);
    summary.set_energy_net_per_inference_uj(Median(net_uj));
    if (const std::optional<Interval> interval = MeanInterval95(net_uj)) {
      summary.set_energy_net_per_inference_ci95_low_uj(interval->low);
      summary.set_energy_net_per_inference_ci95_high_uj(interval->high);
    }
  }

  void SetUpperBound() {
    const bool below_noise =
        std::any_of(report_.flags.begin(), report_.flags.end(),
                    [](const v1::Flag& flag) { return flag.name() == "BELOW_NOISE"; });
    if (!below_noise) return;
    v1::EnergySummary& summary = report_.summary;
    summary.set_energy_net_per_inference_upper_uj(
        NetUpperBound(net_mean_uj_, summary.uncertainty(), report_.windows.size()));
  }

  const v1::SensorDescription& sensor_;
  const CountConverter converter_;
  const absl::Span<const RawCounts> counts_;
  const absl::Span<const v1::MarkedWindow> windows_;
  IntegrationOptions options_;
  std::optional<IdleBaseline> baseline_;
  double idle_error_w2_ = 0;
  int idle_count_ = 0;
  std::vector<MeasuredWindow> measured_;
  // Sums over the inference windows.
  double energy_j_ = 0;
  double net_j_ = 0;
  // Mean over the windows, per inference.
  double net_mean_uj_ = 0;
  double idle_j_ = 0;
  int64_t covered_ns_ = 0;
  int64_t duration_ns_ = 0;
  double ampere_seconds_ = 0;
  double volt_seconds_ = 0;
  int64_t gap_max_ns_ = 0;
  std::optional<double> power_peak_w_;
  std::optional<double> current_peak_a_;
  uint64_t sample_count_ = 0;
  EnergyReport report_;
};

// Windows as marked, without any figure of power.
EnergyReport WithoutPower(const v1::SensorDescription& sensor,
                          absl::Span<const v1::MarkedWindow> windows) {
  EnergyReport report;
  report.summary.set_power_source(PowerSourceOf(sensor));
  for (const v1::MarkedWindow& mark : windows) {
    if (mark.kind() != v1::WINDOW_KIND_INFERENCE) continue;
    v1::WindowEnergy window;
    window.set_window(mark.index());
    window.set_start_ns(mark.start_mono_ns());
    window.set_end_ns(mark.end_mono_ns());
    window.set_inference_count(mark.inference_count());
    report.windows.push_back(window);
    report.uncertainties.emplace_back();
  }
  return report;
}

}  // namespace

absl::StatusOr<EnergyReport> ComputeEnergy(const v1::SensorDescription& sensor,
                                           absl::Span<const RawCounts> samples,
                                           absl::Span<const v1::MarkedWindow> windows) {
  for (const v1::MarkedWindow& window : windows) TJ_RETURN_IF_ERROR(CheckWindow(window));
  if (!HasSensor(sensor)) return WithoutPower(sensor, windows);
  TJ_RETURN_IF_ERROR(CheckSensorDescription(sensor));
  TJ_RETURN_IF_ERROR(CheckOrder(samples));
  return Accountant(sensor, samples, windows).Compute();
}

}  // namespace tinyjoule
