// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_ENERGY_REPORT_H_
#define COMMON_ENERGY_ENERGY_REPORT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/energy/sample_block.h"
#include "common/energy/uncertainty.h"
#include "tinyjoule/v1/measurement.pb.h"
#include "tinyjoule/v1/run.pb.h"

namespace tinyjoule {

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
// interval of their mean (absent below two windows); net likewise. The budget of that mean is the
// summary's `uncertainty`. Without samples, or without inference
// windows, every optional figure of power is absent. A sensor of kind "none" (or "") gives windows
// without figures, not valid for energy, and no flags. InvalidArgument: an unusable sensor
// description, samples out of order, a window that ends before it starts.
absl::StatusOr<EnergyReport> ComputeEnergy(const v1::SensorDescription& sensor,
                                           absl::Span<const RawCounts> samples,
                                           absl::Span<const v1::MarkedWindow> windows);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_ENERGY_REPORT_H_
