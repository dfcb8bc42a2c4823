// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {
namespace {

// Sums of squares of values and of what quantisation adds to them.
struct SignalAndNoise {
  double signal = 0;
  double noise = 0;

  void Add(float value, float quantized) {
    const double error = static_cast<double>(quantized) - value;
    signal += static_cast<double>(value) * value;
    noise += error * error;
  }
  std::optional<double> Decibels() const {
    if (!(signal > 0 && noise > 0)) return std::nullopt;
    return 10 * std::log10(signal / noise);
  }
};

// Values outside the range: one that only rounds is off by half a step at most, and by what the
// division rounds.
int64_t CountClipped(const Quantization& quantization, absl::Span<const float> values) {
  const float slack = 0.5001F * quantization.scale;
  const float low = DequantizeValue(quantization, -128) - slack;
  const float high = DequantizeValue(quantization, 127) + slack;
  return std::count_if(values.begin(), values.end(),
                       [&](float value) { return value < low || value > high; });
}

// Of a value of the pass, for its first `count` samples.
int64_t CountClipped(const Quantization& quantization, const NetworkPass& pass, size_t value,
                     int64_t count) {
  const FeatureMap& shape = pass.ValueShape(value);
  int64_t clipped = 0;
  for (int64_t row = 0; row < shape.channels * shape.height; ++row) {
    const float* columns = pass.ValueRow(value, row);
    for (int64_t column = 0; column < shape.width; ++column) {
      clipped +=
          CountClipped(quantization, {columns + column * pass.lanes(), static_cast<size_t>(count)});
    }
  }
  return clipped;
}

v1::LayerCalibration ReportValues(absl::Span<const float> values,
                                  const Quantization& quantization) {
  v1::LayerCalibration report;
  if (values.empty()) return report;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  report.set_observed_low(*low);
  report.set_observed_high(*high);
  report.set_range_low(DequantizeValue(quantization, -128));
  report.set_range_high(DequantizeValue(quantization, 127));
  report.set_clipped(static_cast<double>(CountClipped(quantization, values)) /
                     static_cast<double>(values.size()));
  SignalAndNoise sums;
  for (float value : values) sums.Add(value, RoundToStep(quantization, value));
  const std::optional<double> decibels = sums.Decibels();
  if (decibels) report.set_output_sqnr_db(*decibels);
  return report;
}

std::optional<double> WeightDecibels(const Layer& layer, const QuantizedLayer& quantized) {
  if (!layer.HasParameters()) return std::nullopt;
  SignalAndNoise sums;
  const std::vector<float> weights = DequantizeWeights(quantized.weight, quantized.weight_scale);
  for (size_t i = 0; i < weights.size(); ++i) sums.Add(layer.weight[i], weights[i]);
  return sums.Decibels();
}

std::string NameOf(const Layer& layer, size_t index) {
  if (!layer.name.empty()) return layer.name;
  return absl::StrCat(layer.kind == LayerKind::kAdd ? "add_" : "average_", index);
}

}  // namespace

Calibration::Calibration(const Network& network, absl::Span<const float> samples)
    : samples_(samples), results_(network.layers.size()) {
  NetworkPass pass(network, PredictionRows(network, samples));
  RunBatches(pass, FlatParameters(network), samples, [&](int64_t count) {
    for (size_t i = 0; i < results_.size(); ++i) {
      if (!KeepsSteps(network.layers[i].kind)) pass.AppendValue(i + 1, count, results_[i]);
    }
  });
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

std::vector<v1::LayerCalibration> CalibrationReport(const Network& network,
                                                    const Calibration& calibration,
                                                    const QuantizedNetwork& quantized) {
  std::vector<v1::LayerCalibration> report = {ReportValues(calibration.Values(0), quantized.input)};
  report.front().set_layer("input");
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (KeepsSteps(layer.kind)) continue;
    v1::LayerCalibration entry =
        ReportValues(calibration.Values(i + 1), quantized.layers[i].output);
    entry.set_layer(NameOf(layer, i));
    const std::optional<double> decibels = WeightDecibels(layer, quantized.layers[i]);
    if (decibels) entry.set_weight_sqnr_db(*decibels);
    report.push_back(std::move(entry));
  }
  return report;
}

std::vector<double> ClippedShares(const QuantizedNetwork& quantized,
                                  absl::Span<const float> samples) {
  const Network network = DequantizeNetwork(quantized);
  std::vector<size_t> values = {0};
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (!KeepsSteps(network.layers[i].kind)) values.push_back(i + 1);
  }
  std::vector<double> clipped(values.size());
  NetworkPass pass(network, PredictionRows(network, samples));
  RunBatches(pass, FlatParameters(network), samples, [&](int64_t count) {
    for (size_t i = 0; i < values.size(); ++i) {
      const Quantization& quantization =
          i == 0 ? quantized.input : quantized.layers[values[i] - 1].output;
      clipped[i] += static_cast<double>(CountClipped(quantization, pass, values[i], count));
    }
  });
  const auto rows = static_cast<double>(samples.size()) / static_cast<double>(pass.sample_size());
  for (size_t i = 0; i < clipped.size(); ++i) {
    clipped[i] /= rows * static_cast<double>(pass.ValueShape(values[i]).size());
  }
  return clipped;
}

}  // namespace tinyjoule
