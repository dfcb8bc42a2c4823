// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/dynamic_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "server/trainer/compress/observer.h"
#include "server/trainer/compress/quantize.h"
#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {
namespace {

constexpr size_t kRows = 128;

// Runs samples through the network layer by layer, so that every sample can be rounded in its own
// way in between.
class LayerByLayer {
 public:
  explicit LayerByLayer(const DynamicNetwork& network) : network_(network.network) {}

  const std::vector<float>& Run(absl::Span<const float> samples) {
    values_.clear();
    rounded_.assign(network_.layers.size() + 1, {});
    values_.emplace_back(samples.begin(), samples.end());
    rows_ = samples.size() / static_cast<size_t>(network_.SampleSize());
    for (size_t i = 0; i < network_.layers.size(); ++i) values_.push_back(Apply(i));
    return values_.back();
  }

 private:
  // [row][value]
  using Values = std::vector<float>;

  size_t ValueBack(size_t index, int64_t back) const {
    return index + 1 - static_cast<size_t>(back);
  }

  Values Apply(size_t index) {
    const Layer& layer = network_.layers[index];
    const size_t in = ValueBack(index, layer.reads_back);
    switch (layer.kind) {
      case LayerKind::kFlatten:
        return values_[in];
      case LayerKind::kRelu:
        return Rectified(values_[in]);
      case LayerKind::kAdd:
        return Sum(values_[in], values_[ValueBack(index, layer.adds_back)]);
      default:
        return Predict(Alone(layer), layer.HasParameters() ? Rounded(in) : values_[in]);
    }
  }

  static Network Alone(Layer layer) {
    layer.reads_back = 1;
    Network network;
    network.layers.push_back(std::move(layer));
    return network;
  }

  static Values Rectified(Values values) {
    for (float& value : values) value = std::max(value, 0.0F);
    return values;
  }

  static Values Sum(Values a, const Values& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }

  const Values& Rounded(size_t value) {
    Values& rounded = rounded_[value];
    if (!rounded.empty()) return rounded;
    rounded = values_[value];
    const size_t size = rounded.size() / rows_;
    for (size_t row = 0; row < rows_; ++row) {
      RoundDynamically(absl::MakeSpan(rounded).subspan(row * size, size));
    }
    return rounded;
  }

  const Network& network_;
  size_t rows_ = 0;
  // The input's first.
  std::vector<Values> values_;
  std::vector<Values> rounded_;
};

}  // namespace

void RoundDynamically(absl::Span<float> values) {
  const ValueRange range = RangeOf(values);
  // ONNX leaves open what a tensor of zeros gives; it stays as it is here.
  if (range.high == range.low) return;
  const float scale = (range.high - range.low) / 255.0F;
  const float zero_point = std::nearbyint(-range.low / scale);
  for (float& value : values) {
    const float steps = std::nearbyint(value / scale) + zero_point;
    value = (std::min(std::max(steps, 0.0F), 255.0F) - zero_point) * scale;
  }
}

absl::StatusOr<DynamicNetwork> QuantizeDynamically(const Network& network, bool per_channel) {
  TJ_ASSIGN_OR_RETURN(Network prepared, PrepareToQuantize(network));
  DynamicNetwork dynamic;
  for (Layer& layer : prepared.layers) {
    std::vector<float>& scales = dynamic.weight_scale.emplace_back();
    std::vector<int8_t>& stored = dynamic.weight.emplace_back();
    if (!layer.HasParameters()) continue;
    scales = WeightScales({per_channel, 0}, layer.weight, layer.bias);
    stored = QuantizeWeights(layer.weight, scales);
    layer.weight = DequantizeWeights(stored, scales);
  }
  dynamic.network = std::move(prepared);
  return dynamic;
}

std::vector<float> Predict(const DynamicNetwork& network, absl::Span<const float> samples) {
  const size_t size = static_cast<size_t>(network.network.SampleSize());
  std::vector<float> outputs;
  LayerByLayer layers(network);
  for (size_t first = 0; first < samples.size(); first += kRows * size) {
    const std::vector<float>& next = layers.Run(samples.subspan(first, kRows * size));
    outputs.insert(outputs.end(), next.begin(), next.end());
  }
  return outputs;
}

}  // namespace tinyjoule
