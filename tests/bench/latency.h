// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_LATENCY_H_
#define TESTS_BENCH_LATENCY_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "agent/runner/inference_engine.h"

namespace tinyjoule {

// Seconds that `count` inferences of the same row take.
inline double TimeOf(InferenceEngine& engine, const std::vector<float>& input,
                     std::vector<float>& output, int64_t count) {
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < count; ++i) engine.Run(input.data(), output.data());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Microseconds of one inference on each engine: the median over `rounds` of a mean over some
// `round_s`. The engines take turns, so that what else the machine does meets all of them.
inline std::vector<double> LatenciesUs(const std::vector<InferenceEngine*>& engines, double round_s,
                                       int rounds) {
  const auto size = [](const Shape& shape) { return static_cast<size_t>(ElementCount(shape)); };
  const std::vector<float> input(size(engines.front()->input_shape()), 0.5F);
  std::vector<float> output(size(engines.front()->output_shape()));
  std::vector<int64_t> counts;
  for (InferenceEngine* engine : engines) {
    // The first is a warm-up too.
    TimeOf(*engine, input, output, 10);
    const double once = TimeOf(*engine, input, output, 100) / 100;
    counts.push_back(std::max<int64_t>(1, static_cast<int64_t>(round_s / once)));
  }
  std::vector<std::vector<double>> times(engines.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < engines.size(); ++i) {
      const double seconds = TimeOf(*engines[i], input, output, counts[i]);
      times[i].push_back(1e6 * seconds / static_cast<double>(counts[i]));
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& of_engine : times) {
    const auto middle = of_engine.begin() + static_cast<std::ptrdiff_t>(of_engine.size() / 2);
    std::nth_element(of_engine.begin(), middle, of_engine.end());
    medians.push_back(*middle);
  }
  return medians;
}

}  // namespace tinyjoule

#endif  // TESTS_BENCH_LATENCY_H_
