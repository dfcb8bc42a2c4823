// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_ENERGY_FLAGS_H_
#define COMMON_ENERGY_ENERGY_FLAGS_H_

#include <vector>

#include "absl/types/span.h"
#include "common/energy/conversion.h"
#include "common/energy/integral.h"
#include "common/energy/sample_block.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// A marked window with what its samples say.
struct MeasuredWindow {
  v1::MarkedWindow mark;
  SpanIntegral integral;
};

// What the flags are read from. All borrowed.
struct FlagEvidence {
  const v1::SensorDescription& sensor;
  absl::Span<const RawCounts> counts;
  // Idle and inference windows.
  absl::Span<const MeasuredWindow> windows;
  // Mean net energy per inference and its combined standard uncertainty, in microjoules; without a
  // baseline both 0.
  double net_uj = 0;
  double net_uncertainty_uj = 0;
};

// The flags that samples and marks can show: SIMULATED, CLIPPED, MATH_OVERFLOW, STUCK, GAP, TORN,
// SAMPLER_LATE, IMPLAUSIBLE, NEGATIVE, UNDERVOLT, SHORT, BASELINE_DRIFT, BELOW_NOISE. Only samples
// inside windows count, so that what happens between them cannot spoil a run.
//
// SHORT is fatal for a real sensor only: the limits (10 s, 10 inferences, 200 samples) protect the
// headline from edges and from a short look at a slow load, and a headline is never made of
// simulated power (docs/adr/0010-short-windows.md).
std::vector<v1::Flag> EnergyFlags(const FlagEvidence& evidence);

inline constexpr int kStuckSamples = 50;
inline constexpr double kShortWindowS = 10;
inline constexpr uint64_t kShortWindowInferences = 10;
inline constexpr uint64_t kShortWindowSamples = 200;
inline constexpr double kGapCoverage = 0.999;
inline constexpr double kFatalGapCoverage = 0.99;

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_ENERGY_FLAGS_H_
