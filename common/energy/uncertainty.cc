// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/uncertainty.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/energy/statistics.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

// Standard uncertainty of an edge that falls anywhere in a conversion, after the correction.
constexpr double kEdgeShare = 0.105;
constexpr double kShuntTolerance = 0.01;
constexpr double kShuntGainError = 0.005;
constexpr double kBusGainError = 0.005;
constexpr double kShuntOffsetV = 100e-6;
// An INA219's bus voltage has steps of one and of two counts by turns, each with an error of its
// own: sqrt(1 + 4) / 2 counts in the mean.
constexpr double kBusStep = 1.1180339887498949;
// Of a value that lies anywhere in its last digit: 1 / sqrt(12).
constexpr double kRoundingShare = 0.28867513459481287;
constexpr double kNormal95 = 1.6448536269514722;

double RootSumSquare(std::initializer_list<double> parts) {
  double squares = 0;
  for (const double part : parts) squares += part * part;
  return std::sqrt(squares);
}

bool HasChip(const v1::SensorDescription& sensor) {
  return sensor.kind() == "ina219" || sensor.kind() == "hwmon";
}

bool RoundsCoarsely(const v1::SensorDescription& sensor) {
  return sensor.kind() == "hwmon" || sensor.kind() == "rapl";
}

double RelativeOf(const v1::SensorDescription& sensor) {
  if (sensor.has_relative_uncertainty()) return sensor.relative_uncertainty();
  if (!HasChip(sensor)) return 0;
  return RootSumSquare({kShuntTolerance, kShuntGainError, kBusGainError});
}

// The supply stands still, so its rounded voltage is off in the same direction all the time, as a
// gain is; the shunt's is below its noise.
double BusRounding(const v1::SensorDescription& sensor, double voltage_v) {
  if (sensor.kind() != "ina219" || voltage_v <= 0) return 0;
  return kRoundingShare * kBusStep * sensor.bus_lsb_v() / voltage_v;
}

double ShuntOffsetV(const v1::SensorDescription& sensor) {
  if (sensor.has_shunt_offset_uncertainty_v()) return sensor.shunt_offset_uncertainty_v();
  return HasChip(sensor) ? kShuntOffsetV : 0;
}

// The power that a voltage over the shunt stands for.
double PowerOfShuntVoltage(const v1::SensorDescription& sensor, double voltage_v, double shunt_v) {
  if (sensor.shunt_uohm() == 0) return 0;
  return std::abs(voltage_v * sensor.gain()) * shunt_v / OhmsFromMicroohms(sensor.shunt_uohm());
}

double PowerOfOneCount(const v1::SensorDescription& sensor, double voltage_v) {
  return sensor.has_power_channel() ? sensor.power_lsb_w()
                                    : PowerOfShuntVoltage(sensor, voltage_v, sensor.shunt_lsb_v());
}

// Sums over the windows, per inference, in microjoules.
struct WindowSums {
  double within2 = 0;
  double edges2 = 0;
  double baseline = 0;
  double systematic = 0;
  double systematic_net = 0;
};

WindowSums SumOf(absl::Span<const v1::WindowEnergy> windows,
                 absl::Span<const WindowUncertainty> uncertainties) {
  WindowSums sums;
  for (size_t i = 0; i < windows.size(); ++i) {
    const WindowUncertainty& u = uncertainties[i];
    const double scale =
        MicrojoulesFromJoules(1) / static_cast<double>(windows[i].inference_count());
    sums.within2 += u.within_j * u.within_j * scale * scale;
    sums.edges2 += u.edges_j * u.edges_j * scale * scale;
    sums.baseline += u.baseline_j * scale;
    sums.systematic += u.systematic_j * scale;
    sums.systematic_net += u.systematic_net_j * scale;
  }
  return sums;
}

std::vector<double> PerInference(absl::Span<const v1::WindowEnergy> windows,
                                 double (v1::WindowEnergy::*energy)() const) {
  std::vector<double> values_uj;
  for (const v1::WindowEnergy& window : windows) {
    values_uj.push_back(MicrojoulesFromJoules((window.*energy)()) /
                        static_cast<double>(window.inference_count()));
  }
  return values_uj;
}

double StandardError(const std::vector<double>& values) {
  return SampleStandardDeviation(values) / std::sqrt(static_cast<double>(values.size()));
}

// The windows' agreement has their inner scatter in it: the larger of the two counts.
double RandomPart(const v1::UncertaintyBudget& budget, double between_uj) {
  return std::max(RootSumSquare({budget.within_uj(), budget.edges_uj()}), between_uj);
}

}  // namespace

double SystematicError::GrossJ(double energy_j, double seconds) const {
  return RootSumSquare({relative * energy_j, offset_w * seconds, resolution_w * seconds});
}

// Rounding is independent at idle and at work.
double SystematicError::NetJ(double net_j, double seconds) const {
  return RootSumSquare({relative * net_j, resolution_w * seconds, resolution_w * seconds});
}

SystematicError SystematicErrorOf(const v1::SensorDescription& sensor, double voltage_v) {
  SystematicError error;
  error.relative = RootSumSquare({RelativeOf(sensor), BusRounding(sensor, voltage_v)});
  error.offset_w = PowerOfShuntVoltage(sensor, voltage_v, ShuntOffsetV(sensor));
  if (RoundsCoarsely(sensor)) {
    error.resolution_w = kRoundingShare * PowerOfOneCount(sensor, voltage_v);
  }
  return error;
}

// A load that repeats makes its samples alternate. Their mean is no better for it: which part of
// each repetition falls into the sensor's blind time is as random as ever
// (docs/adr/0018-blind-ninth.md).
double MeanPowerError(const SpanIntegral& integral) {
  return CorrelatedStandardError(integral.power_stddev_w,
                                 std::max(integral.power_autocorrelation, 0.0),
                                 static_cast<double>(integral.sample_count));
}

WindowUncertainty RandomUncertainty(const SpanIntegral& integral, double idle_error_w) {
  WindowUncertainty uncertainty;
  uncertainty.within_j = MeanPowerError(integral) * integral.covered_s();
  uncertainty.edges_j = kEdgeShare * integral.edge_step_j;
  uncertainty.baseline_j = idle_error_w * integral.covered_s();
  return uncertainty;
}

v1::UncertaintyBudget BudgetOf(absl::Span<const v1::WindowEnergy> windows,
                               absl::Span<const WindowUncertainty> uncertainties) {
  v1::UncertaintyBudget budget;
  if (windows.empty()) return budget;
  const double count = static_cast<double>(windows.size());
  const WindowSums sums = SumOf(windows, uncertainties);
  budget.set_within_uj(std::sqrt(sums.within2) / count);
  budget.set_edges_uj(std::sqrt(sums.edges2) / count);
  budget.set_systematic_uj(sums.systematic / count);
  if (windows.size() >= 2) {
    budget.set_between_uj(StandardError(PerInference(windows, &v1::WindowEnergy::energy_j)));
  }
  budget.set_combined_uj(
      RootSumSquare({RandomPart(budget, budget.between_uj()), budget.systematic_uj()}));
  const bool has_net = std::all_of(windows.begin(), windows.end(),
                                   [](const v1::WindowEnergy& w) { return w.has_energy_net_j(); });
  if (!has_net) return budget;
  budget.set_baseline_uj(sums.baseline / count);
  budget.set_systematic_net_uj(sums.systematic_net / count);
  if (windows.size() >= 2) {
    budget.set_between_net_uj(
        StandardError(PerInference(windows, &v1::WindowEnergy::energy_net_j)));
  }
  budget.set_combined_net_uj(RootSumSquare({RandomPart(budget, budget.between_net_uj()),
                                            budget.baseline_uj(), budget.systematic_net_uj()}));
  return budget;
}

double NetUpperBound(double net_uj, const v1::UncertaintyBudget& budget, size_t window_count) {
  const double inner_uj = RootSumSquare({budget.within_uj(), budget.edges_uj()});
  const bool few = window_count >= 2 && budget.between_net_uj() > inner_uj;
  const double factor =
      few ? StudentTQuantile(0.95, static_cast<double>(window_count - 1)) : kNormal95;
  return std::max(net_uj, 0.0) + factor * budget.combined_net_uj();
}

}  // namespace tinyjoule
