// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_UNCERTAINTY_H_
#define COMMON_ENERGY_UNCERTAINTY_H_

#include <optional>

#include "absl/types/span.h"
#include "common/energy/integral.h"
#include "tinyjoule/v1/measurement.pb.h"
#include "tinyjoule/v1/run.pb.h"

namespace tinyjoule {

// Where a window's doubt comes from: standard uncertainties in joules.
struct WindowUncertainty {
  // Scatter of the samples, with their correlation.
  double within_j = 0;
  // The marks fall between conversions: 0.105 (P_in - P_out) C a side.
  double edges_j = 0;
  // The sensor's own error, of the gross and of the net energy.
  double systematic_j = 0;
  double systematic_net_j = 0;
  // The idle baseline's own scatter over the window.
  double baseline_j = 0;
};

// A sensor's systematic error at one supply voltage, as standard uncertainties.
struct SystematicError {
  // Share of the power: gains, shunt and the rounding of the bus voltage.
  double relative = 0;
  // A constant power; it cancels against the idle baseline.
  double offset_w = 0;
  // Rounding of the readings, which cancels nowhere: for sensors that round more coarsely than
  // their noise.
  double resolution_w = 0;

  double GrossJ(double energy_j, double seconds) const;
  double NetJ(double net_j, double seconds) const;
};

// From the description's own figures where it has them. Else what is published of its kind: ina219
// and hwmon (the kernel's driver of the same chip) have the limits of TI's SBOS448G, 7.5, and a 1 %
// shunt, root sum square: shunt 1 %, shunt gain 0.5 %, bus gain 0.5 %, offset 100 uV; hwmon and
// rapl round to the resolution of their counts, ina219 its bus voltage. RAPL's accuracy is not
// published. A simulated or replayed sensor has none.
SystematicError SystematicErrorOf(const v1::SensorDescription& sensor, double voltage_v);

// Standard error of a span's mean power, from the scatter of its samples.
double MeanPowerError(const SpanIntegral& integral);

// Without the systematic part. `idle_error_w`: standard uncertainty of the baseline's power.
WindowUncertainty RandomUncertainty(const SpanIntegral& integral, double idle_error_w);

// Of the mean over the windows of E / N, as the message says. Every window has inferences; net
// figures only where the windows have a net energy.
v1::UncertaintyBudget BudgetOf(absl::Span<const v1::WindowEnergy> windows,
                               absl::Span<const WindowUncertainty> uncertainties);

// What `net_uj` with its budget is lower than, with 95 % confidence (one-sided).
double NetUpperBound(double net_uj, const v1::UncertaintyBudget& budget, size_t window_count);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_UNCERTAINTY_H_
