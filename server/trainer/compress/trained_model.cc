// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/trained_model.h"

#include <algorithm>
#include <cmath>

#include "server/trainer/compress/knn_predict.h"
#include "server/trainer/compress/observer.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

// The network in float32 whose layers the model has; null: it has none.
const Network* FloatPart(const TrainedModel& model) {
  if (const auto* dynamic = std::get_if<DynamicNetwork>(&model)) return &dynamic->network;
  if (const auto* half = std::get_if<HalfNetwork>(&model)) return &half->network;
  return std::get_if<Network>(&model);
}

// Where an engine sums in float32, a rounding that falls the other way inside moves what follows,
// the more so the deeper the network is. A step for every so many layers, begun, is what the
// largest differences of MLPerf Tiny's models between such an engine and us ask for.
constexpr int64_t kLayersPerStep = 4;

// With the ten-thousandth that the comparison itself may round.
double ToleratedSteps(const std::vector<Layer>& layers) {
  const int64_t count = std::count_if(layers.begin(), layers.end(),
                                      [](const Layer& layer) { return layer.HasParameters(); });
  return 1.0001 * static_cast<double>((count + kLayersPerStep - 1) / kLayersPerStep);
}

}  // namespace

std::vector<float> PredictModel(const TrainedModel& model, absl::Span<const float> samples) {
  return std::visit([&](const auto& kind) { return Predict(kind, samples); }, model);
}

std::vector<int64_t> SampleShape(const TrainedModel& model) {
  if (const Network* network = FloatPart(model)) return network->sample_shape;
  if (const auto* quantized = std::get_if<QuantizedNetwork>(&model)) {
    return quantized->sample_shape;
  }
  if (const auto* given = std::get_if<GivenModel>(&model)) return given->sample_shape;
  return {std::get<KnnModel>(model).features};
}

int64_t OutputCount(const TrainedModel& model) {
  if (const Network* network = FloatPart(model)) return network->OutputCount();
  if (const auto* quantized = std::get_if<QuantizedNetwork>(&model)) {
    return quantized->OutputCount();
  }
  if (const auto* given = std::get_if<GivenModel>(&model)) return given->output_count;
  return std::get<KnnModel>(model).output_count();
}

double PredictionTolerance(const TrainedModel& model, absl::Span<const float> predictions) {
  if (const auto* quantized = std::get_if<QuantizedNetwork>(&model)) {
    return ToleratedSteps(DequantizeNetwork(*quantized).layers) * quantized->OutputStep();
  }
  const auto* given = std::get_if<GivenModel>(&model);
  if (given != nullptr && given->output_step > 0) return 1.0001 * given->output_step;
  if (const auto* dynamic = std::get_if<DynamicNetwork>(&model)) {
    const ValueRange range = RangeOf(predictions);
    return ToleratedSteps(dynamic->network.layers) * (range.high - range.low) / 255;
  }
  double largest = 1;
  for (float value : predictions) largest = std::max<double>(largest, std::abs(value));
  return 1e-4 * largest;
}

}  // namespace tinyjoule
