// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// How far a window's energy is from the truth:
//   sampling_error_bench [SEEDS]            for the ways to read an INA219
//   sampling_error_bench --modes [SEEDS]    for its averagings, and what the budget states
//   sampling_error_bench --misses [SEEDS]   the windows of 10 s that are off by more than 0.1 %,
//                                           with one resolution of the bus voltage and with two
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/clock.h"
#include "tests/bench/sampling_error.h"

namespace tinyjoule {
namespace {

constexpr int64_t kWindows[] = {10 * kNsPerSecond, kNsPerSecond / 2};
constexpr double kBound = 1e-3;
constexpr SamplingMethod kMethods[] = {SamplingMethod::kEveryConversion, SamplingMethod::kSleepLoop,
                                       SamplingMethod::kPoll10Hz, SamplingMethod::kShuntAlone};

void PrintRow(const SamplingCase& sampling, uint64_t seeds) {
  const RelativeError error = SamplingErrorOver(sampling, seeds);
  const bool product = sampling.method == SamplingMethod::kEveryConversion;
  std::printf("%-26s %-6s %-24s %6.2f %8.1f %10.4f %10.4f %10.4f %8llu\n",
              NameOf(sampling.method).data(), product ? sampling.bus_adc.data() : "",
              NameOf(sampling.load).data(), static_cast<double>(sampling.window_ns) * 1e-9,
              sampling.series_ohm * 1e3, 100 * error.worst, 100 * error.p99, 100 * error.rms,
              static_cast<unsigned long long>(error.worst_seed));
  std::fflush(stdout);
}

void PrintTable(uint64_t seeds) {
  std::printf("%-26s %-6s %-24s %6s %8s %10s %10s %10s %8s\n", "method", "bus", "load", "s", "mohm",
              "worst %", "p99 %", "rms %", "seed");
  for (const SamplingMethod method : kMethods) {
    for (const int64_t window_ns : kWindows) {
      for (const SampledLoad load : kSampledLoads) PrintRow({method, load, window_ns}, seeds);
    }
  }
  // What a soft supply adds: the mean of V I is not the product of their means.
  for (const SamplingMethod method : {kMethods[0], SamplingMethod::kShuntAlone}) {
    for (const int64_t window_ns : kWindows) {
      for (const SampledLoad load : kSampledLoads) PrintRow({method, load, window_ns, 0.15}, seeds);
    }
  }
}

// By averaging: the error, and how many windows are within two of the uncertainties that the budget
// states without the sensor's own error.
void PrintMode(const SamplingCase& sampling, uint64_t seeds) {
  const RelativeError error = SamplingErrorOver(sampling, seeds);
  std::printf("%-6s %-6s %-24s %6.2f %10.4f %10.4f %10.4f %10.1f\n", sampling.shunt_adc.data(),
              sampling.bus_adc.data(), NameOf(sampling.load).data(),
              static_cast<double>(sampling.window_ns) * 1e-9, 100 * error.worst, 100 * error.p99,
              100 * error.rms, 100 * error.held);
  std::fflush(stdout);
}

void PrintModes(uint64_t seeds) {
  std::printf("%-6s %-6s %-24s %6s %10s %10s %10s %10s\n", "adc", "bus", "load", "s", "worst %",
              "p99 %", "rms %", "held %");
  const char* const modes[][2] = {{"x8", "mixed"},  {"x8", "12bit"},  {"x8", "11bit"},
                                  {"x16", "mixed"}, {"x16", "12bit"}, {"x32", "mixed"},
                                  {"x32", "12bit"}, {"x64", "mixed"}, {"x128", "mixed"}};
  for (const auto& mode : modes) {
    for (const int64_t window_ns : kWindows) {
      for (const SampledLoad load : kSampledLoads) {
        SamplingCase sampling{SamplingMethod::kEveryConversion, load, window_ns};
        sampling.shunt_adc = mode[0];
        sampling.bus_adc = mode[1];
        PrintMode(sampling, seeds);
      }
    }
  }
}

void PrintMisses(const SamplingCase& sampling, uint64_t seeds) {
  const std::vector<SampledWindow> windows = SampleWindows(sampling, seeds);
  size_t misses = 0;
  for (size_t seed = 0; seed < windows.size(); ++seed) {
    const SampledWindow& window = windows[seed];
    if (std::abs(window.error) <= kBound) continue;
    ++misses;
    std::printf("%-6s %-24s %6zu %10.4f %10.4f %10.4f %10.1f\n", sampling.bus_adc.data(),
                NameOf(sampling.load).data(), seed, 100 * window.error, 100 * window.aliasing,
                100 * window.stated, static_cast<double>(window.cycle_ns) * 1e-3);
  }
  std::printf("%-6s %-24s %zu of %zu\n", sampling.bus_adc.data(), NameOf(sampling.load).data(),
              misses, windows.size());
  std::fflush(stdout);
}

void PrintMisses(uint64_t seeds) {
  std::printf("%-6s %-24s %6s %10s %10s %10s %10s\n", "bus", "load", "seed", "error %",
              "aliasing %", "stated %", "cycle us");
  for (const char* const bus_adc : {"12bit", "mixed"}) {
    for (const SampledLoad load : kSampledLoads) {
      SamplingCase sampling{SamplingMethod::kEveryConversion, load, kWindows[0]};
      sampling.bus_adc = bus_adc;
      PrintMisses(sampling, seeds);
    }
  }
}

void Print(const std::vector<std::string>& arguments) {
  uint64_t seeds = 1000;
  if (!arguments.empty()) (void)absl::SimpleAtoi(arguments.back(), &seeds);
  const std::string what = arguments.empty() ? "" : arguments.front();
  if (what == "--modes") return PrintModes(seeds);
  if (what == "--misses") return PrintMisses(seeds);
  PrintTable(seeds);
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  tinyjoule::Print({argv + 1, argv + argc});
  return 0;
}
