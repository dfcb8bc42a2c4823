// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Prints how far a window's energy is from the truth, for three ways to read an INA219:
//   sampling_error_bench [SEEDS]
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/base/clock.h"
#include "tests/bench/sampling_error.h"

namespace tinyjoule {
namespace {

constexpr int64_t kWindows[] = {10 * kNsPerSecond, kNsPerSecond / 2};

void PrintRow(const SamplingCase& sampling, uint64_t seeds) {
  const RelativeError error = SamplingErrorOver(sampling, seeds);
  std::printf("%-26s %-24s %6.2f %8.1f %10.4f %10.4f %10.4f %8llu\n",
              NameOf(sampling.method).data(), NameOf(sampling.load).data(),
              static_cast<double>(sampling.window_ns) * 1e-9, sampling.series_ohm * 1e3,
              100 * error.worst, 100 * error.p99, 100 * error.rms,
              static_cast<unsigned long long>(error.worst_seed));
  std::fflush(stdout);
}

void PrintTable(uint64_t seeds) {
  std::printf("%-26s %-24s %6s %8s %10s %10s %10s %8s\n", "method", "load", "s", "mohm", "worst %",
              "p99 %", "rms %", "seed");
  for (const SamplingMethod method :
       {SamplingMethod::kEveryConversion, SamplingMethod::kSleepLoop, SamplingMethod::kPoll10Hz}) {
    for (const int64_t window_ns : kWindows) {
      for (const SampledLoad load : kSampledLoads) PrintRow({method, load, window_ns}, seeds);
    }
  }
  // What a soft supply adds: the mean of V I is not the product of their means.
  for (const int64_t window_ns : kWindows) {
    for (const SampledLoad load : kSampledLoads) {
      PrintRow({SamplingMethod::kEveryConversion, load, window_ns, 0.15}, seeds);
    }
  }
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  tinyjoule::PrintTable(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000);
  return 0;
}
