// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {
namespace {

// Widths of the input's range that are tried.
constexpr int kInputCandidates = 12;
constexpr float kRangeStep = 0.02F;

// The layer whose result leaves the network, its ReLU and what keeps the steps left aside.
size_t LastWithSteps(const Network& network) {
  size_t last = network.layers.size() - 1;
  while (KeepsSteps(network.layers[last].kind) && network.InputOf(last) >= 0) {
    last = static_cast<size_t>(network.InputOf(last));
  }
  return last;
}

// Hands the steps of each value on to the layers that keep them.
void SpreadSteps(const Network& network, std::vector<Quantization>& steps) {
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (!KeepsSteps(network.layers[i].kind)) continue;
    steps[i + 1] = steps[static_cast<size_t>(network.InputOf(i) + 1)];
  }
}

void QuantizeParameters(const Layer& layer, const WeightScaling& scaling,
                        QuantizedLayer& quantized) {
  quantized.weight_scale = WeightScales(scaling, layer.weight, layer.bias);
  quantized.weight = QuantizeWeights(layer.weight, quantized.weight_scale);
  const std::vector<float> scales = BiasScales(scaling.in_scale, quantized.weight_scale);
  for (size_t o = 0; o < layer.bias.size(); ++o) {
    quantized.bias.push_back(
        static_cast<int32_t>(std::nearbyint(layer.bias[o] / scales[o % scales.size()])));
  }
}

double SquaredDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return sum;
}

Quantization ChooseInput(const Network& network, const Calibration& calibration,
                         const QuantizeOptions& options, std::vector<Quantization> steps) {
  const std::vector<float> expected = Predict(network, calibration.samples());
  const ValueRange range = RangeOf(calibration.samples());
  Quantization best;
  double best_error = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kInputCandidates; ++i) {
    const float share = 1.0F + kRangeStep * static_cast<float>(i);
    steps.front() = QuantizationOf(share * range.low, share * range.high);
    SpreadSteps(network, steps);
    const QuantizedNetwork candidate = AssembleQuantized(network, steps, options);
    const double error = SquaredDifference(Predict(candidate, calibration.samples()), expected);
    if (error < best_error) {
      best_error = error;
      best = steps.front();
    }
  }
  return best;
}

}  // namespace

absl::StatusOr<Network> PrepareToQuantize(const Network& network) {
  Network folded = FoldBatchNorm(network);
  for (const Layer& layer : folded.layers) {
    if (layer.kind != LayerKind::kBatchNorm) continue;
    return absl::UnimplementedError(absl::StrCat(
        "the batch normalisation '", layer.name,
        "' follows no convolution or linear layer of its own, so that nothing can take it up"));
  }
  return folded;
}

std::vector<Quantization> ChooseSteps(const Network& network, const Calibration& calibration,
                                      const QuantizeOptions& options) {
  std::vector<Quantization> steps(network.layers.size() + 1);
  const size_t output = LastWithSteps(network);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (KeepsSteps(network.layers[i].kind)) continue;
    ObserverOptions observer = options.observer;
    if (i == output) observer.kind = v1::OBSERVER_MIN_MAX;
    steps[i + 1] = ObservedQuantization(observer, calibration.Values(i + 1));
  }
  steps[0] = options.observer.kind == v1::OBSERVER_MSE
                 ? ChooseInput(network, calibration, options, steps)
                 : ObservedQuantization(options.observer, calibration.samples());
  SpreadSteps(network, steps);
  return steps;
}

QuantizedNetwork AssembleQuantized(const Network& network, const std::vector<Quantization>& steps,
                                   const QuantizeOptions& options) {
  QuantizedNetwork quantized;
  quantized.sample_shape = network.sample_shape;
  quantized.int8_io = options.int8_io;
  quantized.input = steps[0];
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    QuantizedLayer next;
    next.layer = layer;
    next.layer.weight.clear();
    next.layer.bias.clear();
    if (layer.HasParameters()) {
      const size_t in = static_cast<size_t>(network.InputOf(i) + 1);
      QuantizeParameters(layer, {options.per_channel, steps[in].scale}, next);
    }
    next.output = steps[i + 1];
    quantized.layers.push_back(std::move(next));
  }
  return quantized;
}

absl::StatusOr<QuantizedNetwork> QuantizeNetwork(const Network& network,
                                                 absl::Span<const float> calibration,
                                                 const QuantizeOptions& options) {
  if (calibration.empty()) {
    return absl::InvalidArgumentError("quantize: there are no calibration samples");
  }
  TJ_ASSIGN_OR_RETURN(const Network prepared, PrepareToQuantize(network));
  const Calibration observed(prepared, calibration);
  QuantizedNetwork quantized =
      AssembleQuantized(prepared, ChooseSteps(prepared, observed, options), options);
  quantized.calibration = CalibrationReport(prepared, observed, quantized);
  return quantized;
}

}  // namespace tinyjoule
