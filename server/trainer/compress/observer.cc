// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/observer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace tinyjoule {
namespace {

constexpr int kRangeCandidates = 34;
constexpr float kRangeStep = 0.02F;
// Errors are summed in so many lanes, which are vector instructions, and after so many values in
// double.
constexpr size_t kLanes = 16;
constexpr size_t kChunk = 4096;

float SquaredError(const Quantization& quantization, float value) {
  const float error = RoundToStep(quantization, value) - value;
  return error * error;
}

double SquaredError(const Quantization& quantization, absl::Span<const float> values) {
  double sum = 0;
  for (size_t first = 0; first < values.size(); first += kChunk) {
    const absl::Span<const float> chunk = values.subspan(first, kChunk);
    std::array<float, kLanes> errors = {};
    size_t i = 0;
    for (; i + kLanes <= chunk.size(); i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        errors[lane] += SquaredError(quantization, chunk[i + lane]);
      }
    }
    for (; i < chunk.size(); ++i) sum += SquaredError(quantization, chunk[i]);
    sum = std::accumulate(errors.begin(), errors.end(), sum);
  }
  return sum;
}

Quantization LeastSquares(absl::Span<const float> values) {
  const ValueRange range = RangeOf(values);
  Quantization best;
  double best_error = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRangeCandidates; ++i) {
    const float share = 1.0F - kRangeStep * static_cast<float>(i);
    const Quantization candidate = QuantizationOf(share * range.low, share * range.high);
    const double error = SquaredError(candidate, values);
    if (error < best_error) {
      best_error = error;
      best = candidate;
    }
  }
  return best;
}

// The value that `share` of the others are not above; between two of them along a straight line, as
// NumPy's percentile. Reorders the values.
float Quantile(double share, std::vector<float>& values) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  if (at + 1 == values.end()) return *at;
  const double next = *std::min_element(at + 1, values.end());
  return static_cast<float>(*at + (place - std::floor(place)) * (next - *at));
}

Quantization Percentile(double percentile, absl::Span<const float> values) {
  if (values.empty()) return {};
  std::vector<float> sorted(values.begin(), values.end());
  const double cut = (100.0 - percentile) / 200.0;
  const float high = Quantile(1 - cut, sorted);
  return QuantizationOf(Quantile(cut, sorted), high);
}

}  // namespace

ValueRange RangeOf(absl::Span<const float> values) {
  ValueRange range;
  for (float value : values) {
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range;
}

Quantization QuantizationOf(float low, float high) {
  low = std::min(low, 0.0F);
  high = std::max(high, 0.0F);
  Quantization quantization;
  quantization.scale = (high - low) / 255.0F;
  if (!(quantization.scale > std::numeric_limits<float>::min())) return Quantization{};
  const float zero_point = std::nearbyint(-128.0F - low / quantization.scale);
  quantization.zero_point = static_cast<int8_t>(std::min(std::max(zero_point, -128.0F), 127.0F));
  return quantization;
}

Quantization ObservedQuantization(const ObserverOptions& options, absl::Span<const float> values) {
  switch (options.kind) {
    case v1::OBSERVER_MIN_MAX: {
      const ValueRange range = RangeOf(values);
      return QuantizationOf(range.low, range.high);
    }
    case v1::OBSERVER_PERCENTILE:
      return Percentile(options.percentile, values);
    default:
      return LeastSquares(values);
  }
}

}  // namespace tinyjoule
