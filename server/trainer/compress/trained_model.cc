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
double ToleratedSteps(int64_t layers_with_weights) {
  const int64_t begun = (layers_with_weights + kLayersPerStep - 1) / kLayersPerStep;
  return 1.0001 * static_cast<double>(std::max<int64_t>(begun, 1));
}

double ToleratedSteps(const QuantizedNetwork& network) {
  return ToleratedSteps(
      std::count_if(network.layers.begin(), network.layers.end(),
                    [](const QuantizedLayer& layer) { return layer.layer.HasParameters(); }));
}

double ToleratedSteps(const DynamicNetwork& dynamic) {
  const std::vector<Layer>& layers = dynamic.network.layers;
  return ToleratedSteps(std::count_if(layers.begin(), layers.end(),
                                      [](const Layer& layer) { return layer.HasParameters(); }));
}

double ToleratedSteps(const onnx::ModelProto& model) {
  const auto& nodes = model.graph().node();
  return ToleratedSteps(std::count_if(nodes.begin(), nodes.end(), [](const onnx::NodeProto& node) {
    return node.op_type() == "Conv" || node.op_type() == "Gemm" || node.op_type() == "MatMul";
  }));
}

// Of the largest difference that was seen, because another runtime makes others.
constexpr double kRestlessness = 2;

double LargestDifference(absl::Span<const float> a, absl::Span<const float> b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
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

double PredictionTolerance(const TrainedModel& model, absl::Span<const float> samples,
                           absl::Span<const float> predictions) {
  if (const auto* quantized = std::get_if<QuantizedNetwork>(&model)) {
    const double steps = ToleratedSteps(*quantized) * quantized->OutputStep();
    const double seen = LargestDifference(PredictInFloats(*quantized, samples), predictions);
    return std::max(steps, kRestlessness * seen);
  }
  const auto* given = std::get_if<GivenModel>(&model);
  if (given != nullptr && given->output_step > 0) {
    return ToleratedSteps(given->proto) * given->output_step;
  }
  if (const auto* dynamic = std::get_if<DynamicNetwork>(&model)) {
    const ValueRange range = RangeOf(predictions);
    const double steps = ToleratedSteps(*dynamic) * (range.high - range.low) / 255;
    // As much as a float32 sum is off, and all ranges with it.
    constexpr float kRelativeError = 1e-6F;
    std::vector<float> moved(samples.begin(), samples.end());
    for (float& value : moved) value *= 1 + kRelativeError;
    const double seen = LargestDifference(Predict(*dynamic, moved), predictions);
    return std::max(steps, kRestlessness * seen);
  }
  double largest = 1;
  for (float value : predictions) largest = std::max<double>(largest, std::abs(value));
  return 1e-4 * largest;
}

}  // namespace tinyjoule
