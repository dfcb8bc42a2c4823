// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_SAMPLING_ERROR_H_
#define TESTS_BENCH_SAMPLING_ERROR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// How far the energy of a window is from the truth, for a way to read the sensor and a load, over
// many phases and chips. Everything happens in virtual time on the register model, whose load is
// known exactly; what remains are sampling, edges and rounding, and none of the chip's own
// tolerances.

enum class SamplingMethod {
  // The product: each conversion once, and the boxcar integral.
  kEveryConversion,
  // A loop with sleep(10 ms) on a chip as it wakes up, power times the time since the last reading.
  kSleepLoop,
  // The same ten times a second.
  kPoll10Hz,
  // No product: the shunt alone, back to back at x8, so that nothing stays unseen; the bus voltage
  // with every 64th conversion or so, at random, as a straight line over the current.
  kShuntAlone,
};

enum class SampledLoad {
  kBackToBack,
  kBurst20MsPer100Ms,
  kSquare100Hz,
  kBurst100MsPerSecond,
  // Two levels with exponential dwell times, 7 ms in the mean.
  kTelegraph,
};

struct SamplingCase {
  SamplingMethod method;
  SampledLoad load;
  int64_t window_ns;
  // Of supply, cable and shunt: how much the bus voltage gives way.
  double series_ohm = 0;
  // The driver's; kEveryConversion only.
  absl::string_view shunt_adc = "x8";
  absl::string_view bus_adc = "mixed";
};

// One window of one chip; shares of the true energy.
struct SampledWindow {
  // (measured - true) / true.
  double error = 0;
  // What the budget states of it for a sensor without errors of its own: scatter, edges and
  // rounding, a standard uncertainty. kEveryConversion only, and so is the rest.
  double stated = 0;
  // How far the energy can be off because a cycle that stays the same is in step with harmonics of
  // the load.
  double aliasing = 0;
  int64_t cycle_ns = 0;
};

struct RelativeError {
  double worst = 0;
  double rms = 0;
  // Of 99 in 100 seeds.
  double p99 = 0;
  // The seed of the worst.
  uint64_t worst_seed = 0;
  // Share of the windows whose error is within two of their stated uncertainties.
  double held = 0;
};

absl::string_view NameOf(SamplingMethod method);
absl::string_view NameOf(SampledLoad load);
inline constexpr SampledLoad kSampledLoads[] = {
    SampledLoad::kBackToBack, SampledLoad::kBurst20MsPer100Ms, SampledLoad::kSquare100Hz,
    SampledLoad::kBurst100MsPerSecond, SampledLoad::kTelegraph};

// The seed decides the chip (cycle +-10 %), the supply (5.0 to 5.2 V) and the phases of load and
// window.
SampledWindow SampleWindow(const SamplingCase& sampling, uint64_t seed);
// Of the seeds from 0 on.
std::vector<SampledWindow> SampleWindows(const SamplingCase& sampling, uint64_t seeds);
// Of at least one window.
RelativeError ErrorOf(const std::vector<SampledWindow>& windows);
inline RelativeError SamplingErrorOver(const SamplingCase& sampling, uint64_t seeds) {
  return ErrorOf(SampleWindows(sampling, seeds));
}

}  // namespace tinyjoule

#endif  // TESTS_BENCH_SAMPLING_ERROR_H_
