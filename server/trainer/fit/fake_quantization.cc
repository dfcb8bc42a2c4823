// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/fake_quantization.h"

namespace tinyjoule {

FakeQuantizer::FakeQuantizer(const Network& network, const FakeQuantization& quantization,
                             NetworkPass& pass) {
  pass.FakeQuantize(0, quantization.steps[0]);
  size_t first = 0;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (!KeepsSteps(layer.kind)) pass.FakeQuantize(i + 1, quantization.steps[i + 1]);
    if (layer.HasParameters()) {
      const Quantization& in = quantization.steps[static_cast<size_t>(network.InputOf(i) + 1)];
      layers_.push_back(
          {first, layer.weight.size(), layer.bias.size(), {quantization.per_channel, in.scale}});
    }
    first += layer.weight.size() + layer.bias.size();
  }
}

const std::vector<float>& FakeQuantizer::Rounded(const std::vector<float>& parameters) {
  rounded_ = parameters;
  for (const Weights& layer : layers_) {
    const auto all = absl::MakeConstSpan(parameters);
    const std::vector<float> scales =
        WeightScales(layer.scaling, all.subspan(layer.first, layer.weight_count),
                     all.subspan(layer.first + layer.weight_count, layer.bias_count));
    const size_t per_scale = layer.weight_count / scales.size();
    for (size_t i = 0; i < layer.weight_count; ++i) {
      float& weight = rounded_[layer.first + i];
      weight = RoundToStep({scales[i / per_scale], 0}, weight);
    }
  }
  return rounded_;
}

}  // namespace tinyjoule
