// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "common/base/status.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

constexpr int kRangeCandidates = 34;
constexpr float kRangeStep = 0.02F;
// Widths of the input's range that are tried.
constexpr int kInputCandidates = 12;
// The largest 32-bit bias, well inside what 32-bit sums can carry.
constexpr float kLargestBias = 16'777'216.0F;

struct Range {
  float low = 0;
  float high = 0;
};

// Always around 0, which borders of zeros and ReLU need exact.
Range Observe(absl::Span<const float> values) {
  Range range;
  for (float value : values) {
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range;
}

double SquaredError(const Quantization& quantization, absl::Span<const float> values) {
  double sum = 0;
  for (float value : values) {
    const double error = DequantizeValue(quantization, QuantizeValue(quantization, value)) - value;
    sum += error * error;
  }
  return sum;
}

// Per output channel: the largest weight becomes 127, unless the bias needs a larger scale.
void QuantizeParameters(const Layer& layer, float in_scale, QuantizedLayer& quantized) {
  const size_t fan_in = static_cast<size_t>(layer.FanIn());
  for (size_t o = 0; o < layer.bias.size(); ++o) {
    const absl::Span<const float> weights(&layer.weight[o * fan_in], fan_in);
    float largest = 0;
    for (float weight : weights) largest = std::max(largest, std::abs(weight));
    float scale = std::max(largest / 127.0F, std::abs(layer.bias[o]) / (in_scale * kLargestBias));
    if (!(scale > std::numeric_limits<float>::min())) scale = 1.0F;
    for (float weight : weights) {
      quantized.weight.push_back(static_cast<int8_t>(std::nearbyint(weight / scale)));
    }
    quantized.weight_scale.push_back(scale);
    quantized.bias.push_back(
        static_cast<int32_t>(std::nearbyint(layer.bias[o] / (in_scale * scale))));
  }
}

// The values of every layer for all calibration samples.
class Calibration {
 public:
  Calibration(const Network& network, absl::Span<const float> samples)
      : outputs_(network.layers.size()) {
    const int64_t rows = static_cast<int64_t>(samples.size()) / network.SampleSize();
    const std::vector<float> parameters = FlatParameters(network);
    NetworkPass pass(network, std::min<int64_t>(rows, 64));
    std::vector<uint32_t> batch;
    for (int64_t first = 0; first < rows; first += pass.max_rows()) {
      batch.resize(static_cast<size_t>(std::min(pass.max_rows(), rows - first)));
      std::iota(batch.begin(), batch.end(), static_cast<uint32_t>(first));
      pass.Load(samples.data(), batch);
      pass.Forward(parameters.data());
      for (size_t layer = 0; layer < outputs_.size(); ++layer) {
        pass.AppendLayerOutput(layer, static_cast<int64_t>(batch.size()), outputs_[layer]);
      }
    }
  }

  absl::Span<const float> Output(size_t layer) const { return outputs_[layer]; }

 private:
  std::vector<std::vector<float>> outputs_;
};

// Of the result of every layer. Saturating the output would cut the peaks that matter most: it
// keeps its whole range.
std::vector<Quantization> LayerQuantizations(const Network& network,
                                             absl::Span<const float> calibration) {
  const Calibration observed(network, calibration);
  const size_t output = OutputLayer(network);
  std::vector<Quantization> results;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const LayerKind kind = network.layers[i].kind;
    const Range range = Observe(observed.Output(i));
    if (kind == LayerKind::kFlatten || kind == LayerKind::kMaxPool || kind == LayerKind::kRelu) {
      // The values are those of the layer before.
      results.push_back(results.empty() ? Quantization{} : results.back());
    } else if (i == output) {
      results.push_back(QuantizationOf(range.low, range.high));
    } else {
      results.push_back(LeastSquaresQuantization(observed.Output(i)));
    }
  }
  return results;
}

QuantizedNetwork Assemble(const Network& network, const Quantization& input,
                          const std::vector<Quantization>& results) {
  QuantizedNetwork quantized;
  quantized.sample_shape = network.sample_shape;
  quantized.input = input;
  Quantization at = input;
  bool before_first = true;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    QuantizedLayer next;
    next.layer = layer;
    next.layer.weight.clear();
    next.layer.bias.clear();
    if (layer.HasParameters()) QuantizeParameters(layer, at.scale, next);
    // A Flatten in front of everything hands the input on.
    before_first &= !layer.HasParameters() && layer.kind != LayerKind::kGlobalAverage;
    if (!before_first) at = results[i];
    next.output = at;
    quantized.layers.push_back(std::move(next));
  }
  return quantized;
}

double SquaredDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

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

Quantization LeastSquaresQuantization(absl::Span<const float> values) {
  const Range range = Observe(values);
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

absl::StatusOr<QuantizedNetwork> QuantizeNetwork(const Network& network,
                                                 absl::Span<const float> calibration) {
  if (calibration.empty()) {
    return absl::InvalidArgumentError("quantize: there are no calibration samples");
  }
  const std::vector<Quantization> results = LayerQuantizations(network, calibration);
  const std::vector<float> expected = Predict(network, calibration);
  const Range input = Observe(calibration);
  QuantizedNetwork best;
  double best_error = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kInputCandidates; ++i) {
    const float share = 1.0F + kRangeStep * static_cast<float>(i);
    const Quantization candidate = QuantizationOf(share * input.low, share * input.high);
    QuantizedNetwork quantized = Assemble(network, candidate, results);
    const double error = SquaredDifference(Predict(quantized, calibration), expected);
    if (error < best_error) {
      best_error = error;
      best = std::move(quantized);
    }
  }
  return best;
}

std::vector<float> CalibrationSamples(const Network& network, absl::Span<const float> samples,
                                      int64_t count) {
  const int64_t size = network.SampleSize();
  const int64_t rows = static_cast<int64_t>(samples.size()) / size;
  if (count >= rows) return std::vector<float>(samples.begin(), samples.end());
  const std::vector<float> outputs = Predict(network, samples);
  const int64_t width = network.OutputCount();
  std::vector<float> largest(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const auto first = outputs.begin() + row * width;
    largest[static_cast<size_t>(row)] = *std::max_element(first, first + width);
  }
  std::vector<size_t> order(largest.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return largest[a] < largest[b]; });
  std::vector<float> chosen;
  for (int64_t i = 0; i < count; ++i) {
    const size_t rank = static_cast<size_t>(count == 1 ? rows - 1 : i * (rows - 1) / (count - 1));
    const auto first = samples.begin() + static_cast<int64_t>(order[rank]) * size;
    chosen.insert(chosen.end(), first, first + size);
  }
  return chosen;
}

}  // namespace tinyjoule
