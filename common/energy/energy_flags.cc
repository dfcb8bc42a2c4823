// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/energy_flags.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/energy/flag_catalog.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

constexpr double kTornShare = 0.10;
constexpr double kLateShare = 0.01;
constexpr double kDriftShare = 0.01;
constexpr double kNoiseFactor = 3;
constexpr double kUndervoltV = 4.75;
constexpr double kFatalUndervoltV = 4.63;

bool IsInference(const MeasuredWindow& window) {
  return window.mark.kind() == v1::WINDOW_KIND_INFERENCE;
}

std::string NameOf(const v1::MarkedWindow& mark) {
  if (mark.kind() == v1::WINDOW_KIND_IDLE_A) return "idle A";
  if (mark.kind() == v1::WINDOW_KIND_IDLE_B) return "idle B";
  return absl::StrCat("window ", mark.index());
}

bool SameWords(const RawCounts& a, const RawCounts& b) {
  return a.bus == b.bus && a.shunt == b.shunt && a.power == b.power;
}

// What a walk over the samples inside windows finds.
struct SampleTally {
  uint64_t samples = 0;
  uint64_t clipped = 0;
  uint64_t overflowed = 0;
  uint64_t torn = 0;
  uint64_t late = 0;
  int longest_identical = 0;
  double voltage_min_v = 0;
};

void TallyWindow(const FlagEvidence& evidence, const v1::MarkedWindow& mark,
                 const CountConverter& converter, SampleTally& tally) {
  const auto before = [](const RawCounts& counts, int64_t t_ns) { return counts.t_ns < t_ns; };
  const auto begin = std::lower_bound(evidence.counts.begin(), evidence.counts.end(),
                                      mark.start_mono_ns() + 1, before);
  int identical = 0;
  for (auto it = begin; it != evidence.counts.end() && it->t_ns <= mark.end_mono_ns(); ++it) {
    const double voltage_v = converter.Convert(*it).bus_voltage_v;
    tally.voltage_min_v = tally.samples == 0 ? voltage_v : std::min(tally.voltage_min_v, voltage_v);
    ++tally.samples;
    if (converter.Clipped(*it)) ++tally.clipped;
    if ((it->flags & v1::SAMPLE_FLAG_MATH_OVERFLOW) != 0) ++tally.overflowed;
    if ((it->flags & v1::SAMPLE_FLAG_TORN) != 0) ++tally.torn;
    if ((it->flags & v1::SAMPLE_FLAG_LATE) != 0) ++tally.late;
    identical = it != begin && SameWords(*it, *(it - 1)) ? identical + 1 : 1;
    tally.longest_identical = std::max(tally.longest_identical, identical);
  }
}

SampleTally Tally(const FlagEvidence& evidence) {
  const CountConverter converter(evidence.sensor);
  SampleTally tally;
  for (const MeasuredWindow& window : evidence.windows) {
    TallyWindow(evidence, window.mark, converter, tally);
  }
  return tally;
}

std::string Share(uint64_t count, uint64_t total, absl::string_view what) {
  return absl::StrFormat("%d of %d samples %s", count, total, what);
}

void AddSampleFlags(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  const SampleTally tally = Tally(evidence);
  const double samples = static_cast<double>(tally.samples);
  if (tally.clipped > 0) {
    flags.push_back(MakeFlag("CLIPPED", Share(tally.clipped, tally.samples, "at the rail")));
  }
  if (tally.overflowed > 0) {
    flags.push_back(
        MakeFlag("MATH_OVERFLOW", Share(tally.overflowed, tally.samples, "overflowed")));
  }
  if (tally.longest_identical >= kStuckSamples) {
    flags.push_back(
        MakeFlag("STUCK", absl::StrCat(tally.longest_identical, " identical samples in a row")));
  }
  if (static_cast<double>(tally.torn) > kTornShare * samples) {
    flags.push_back(MakeFlag("TORN", Share(tally.torn, tally.samples, "torn")));
  }
  if (static_cast<double>(tally.late) > kLateShare * samples) {
    flags.push_back(MakeFlag("SAMPLER_LATE", Share(tally.late, tally.samples, "late")));
  }
  // A simulated or replayed supply says nothing about this board's.
  const bool has_supply =
      !evidence.sensor.simulated() && MeasuresVoltage(evidence.sensor) && tally.samples > 0;
  if (has_supply && tally.voltage_min_v < kUndervoltV) {
    flags.push_back(MakeFlag("UNDERVOLT", tally.voltage_min_v < kFatalUndervoltV,
                             absl::StrFormat("down to %.3f V", tally.voltage_min_v)));
  }
}

void AddGap(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  const auto worst = std::min_element(evidence.windows.begin(), evidence.windows.end(),
                                      [](const MeasuredWindow& a, const MeasuredWindow& b) {
                                        return a.integral.coverage() < b.integral.coverage();
                                      });
  if (worst == evidence.windows.end() || worst->integral.coverage() >= kGapCoverage) return;
  const double coverage = worst->integral.coverage();
  flags.push_back(MakeFlag(
      "GAP", coverage < kFatalGapCoverage,
      absl::StrFormat("%.3f %% of %s covered, longest gap %.1f ms", 100 * coverage,
                      NameOf(worst->mark), MillisecondsFromNs(worst->integral.gap_max_ns))));
}

// The range is that of the board; a simulated or replayed supply says nothing about it.
void AddImplausible(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  const v1::SensorDescription& sensor = evidence.sensor;
  if (sensor.simulated()) return;
  for (const MeasuredWindow& window : evidence.windows) {
    if (IsInference(window) || window.integral.covered_ns <= 0) continue;
    const double power_w = window.integral.power_mean_w;
    const bool too_low = sensor.has_idle_min_w() && power_w < sensor.idle_min_w();
    const bool too_high = sensor.has_idle_max_w() && power_w > sensor.idle_max_w();
    if (!too_low && !too_high) continue;
    flags.push_back(
        MakeFlag("IMPLAUSIBLE",
                 absl::StrFormat("%s draws %.4f W, %s %.4f W is expected of this board",
                                 NameOf(window.mark), power_w, too_low ? "at least" : "at most",
                                 too_low ? sensor.idle_min_w() : sensor.idle_max_w())));
    return;
  }
}

void AddNegative(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  for (const MeasuredWindow& window : evidence.windows) {
    if (window.integral.current_mean_a >= 0) continue;
    flags.push_back(
        MakeFlag("NEGATIVE", absl::StrFormat("mean current %.4f A in %s",
                                             window.integral.current_mean_a, NameOf(window.mark))));
    return;
  }
}

void AddShort(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  for (const MeasuredWindow& window : evidence.windows) {
    if (!IsInference(window)) continue;
    const SpanIntegral& integral = window.integral;
    const bool is_short = integral.duration_s() < kShortWindowS ||
                          window.mark.inference_count() < kShortWindowInferences ||
                          integral.sample_count < kShortWindowSamples;
    if (!is_short) continue;
    flags.push_back(
        MakeFlag("SHORT", !evidence.sensor.simulated(),
                 absl::StrFormat("%s: %.3f s, %d inferences, %d samples", NameOf(window.mark),
                                 integral.duration_s(), window.mark.inference_count(),
                                 integral.sample_count)));
    return;
  }
}

std::optional<double> IdlePower(const FlagEvidence& evidence, v1::WindowKind kind) {
  for (const MeasuredWindow& window : evidence.windows) {
    if (window.mark.kind() == kind && window.integral.covered_ns > 0) {
      return window.integral.power_mean_w;
    }
  }
  return std::nullopt;
}

void AddBaselineDrift(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  const std::optional<double> a_w = IdlePower(evidence, v1::WINDOW_KIND_IDLE_A);
  const std::optional<double> b_w = IdlePower(evidence, v1::WINDOW_KIND_IDLE_B);
  if (!a_w || !b_w) return;
  const double mean_w = std::abs(*a_w + *b_w) / 2;
  if (std::abs(*a_w - *b_w) <= kDriftShare * mean_w) return;
  flags.push_back(
      MakeFlag("BASELINE_DRIFT", absl::StrFormat("%.4f W before, %.4f W after", *a_w, *b_w)));
}

void AddBelowNoise(const FlagEvidence& evidence, std::vector<v1::Flag>& flags) {
  const double limit_uj = kNoiseFactor * evidence.net_uncertainty_uj;
  if (evidence.net_uj >= limit_uj) return;
  flags.push_back(MakeFlag(
      "BELOW_NOISE",
      absl::StrFormat("net %.6g uJ per inference, noise %.6g uJ", evidence.net_uj, limit_uj)));
}

}  // namespace

std::vector<v1::Flag> EnergyFlags(const FlagEvidence& evidence) {
  std::vector<v1::Flag> flags;
  if (evidence.sensor.simulated()) {
    flags.push_back(MakeFlag("SIMULATED", "power comes from " + evidence.sensor.uri()));
  }
  AddSampleFlags(evidence, flags);
  AddGap(evidence, flags);
  AddImplausible(evidence, flags);
  AddNegative(evidence, flags);
  AddShort(evidence, flags);
  AddBaselineDrift(evidence, flags);
  AddBelowNoise(evidence, flags);
  return flags;
}

}  // namespace tinyjoule
