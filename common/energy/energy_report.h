// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_ENERGY_REPORT_H_
#define COMMON_ENERGY_ENERGY_REPORT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/energy/sample_block.h"
#include "tinyjoule/v1/measurement.pb.h"
#include "tinyjoule/v1/run.pb.h"

namespace tinyjoule {

// Where a window's doubt comes from: standard uncertainties in joules.
struct WindowUncertainty {
  // Scatter of the samples, with their correlation.
  double within_j = 0;
  // The marks fall between conversions: 0.105 (P_in - P_out) C a side.
  double edges_j = 0;
  // Shunt tolerance, gain and offset of a real sensor; 0 for a simulated one.
  double systematic_j = 0;
  // The idle baseline's own scatter over the window.
  double baseline_j = 0;
};

struct EnergyReport {
  v1::EnergySummary summary;
  // One per inference window, in order.
  std::vector<v1::WindowEnergy> windows;
  std::vector<WindowUncertainty> uncertainties;
  // Raised by what the samples show: see the list in energy_flags.h.
  std::vector<v1::Flag> flags;
};

// Energy, power, current and voltage of a run from its raw samples: the one implementation, used
// by the agent for its own figures and by the coordinator for the official ones.
//  - samples: the whole attempt, ordered by time, as decoded from the wire;
//  - windows: idle A, inference windows, idle B, as marked on the sampler's clock.
// Replayed traces (kind "replay") are integrated by trapezoid over their power, everything else by
// boxcar. Gaps are left out of energies and of the baseline alike, and stated as coverage.
// energy_per_inference_uj is the median of the windows' E / N; its interval is the 95 %
// interval of their mean (absent below two windows). Without samples, or without inference
// windows, every optional figure of power is absent. A sensor of kind "none" (or "") gives windows
// without figures, not valid for energy, and no flags. InvalidArgument: an unusable sensor
// description, samples out of order, a window that ends before it starts.
absl::StatusOr<EnergyReport> ComputeEnergy(const v1::SensorDescription& sensor,
                                           absl::Span<const RawCounts> samples,
                                           absl::Span<const v1::MarkedWindow> windows);

// The relative part of a real INA219's systematic uncertainty at a voltage over the shunt: shunt
// tolerance 1 %, shunt gain 0.5 %, bus gain 0.5 %, offset 100 uV (SBOS448G, 7.5), root sum square.
// The offset's part is added by the voltage: about 1.2 % at 50 mV.
double Ina219RelativeUncertainty(double shunt_voltage_v);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_ENERGY_REPORT_H_
