// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantized_network.h"

#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {

std::vector<float> BiasScales(float in_scale, absl::Span<const float> weight_scales) {
  std::vector<float> scales;
  for (float scale : weight_scales) scales.push_back(in_scale * scale);
  return scales;
}

Network DequantizeNetwork(const QuantizedNetwork& network) {
  Network floats;
  floats.sample_shape = network.sample_shape;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const QuantizedLayer& quantized = network.layers[i];
    Layer layer = quantized.layer;
    if (layer.HasParameters()) {
      layer.weight = DequantizeWeights(quantized.weight, quantized.weight_scale);
      const std::vector<float> scales = BiasScales(network.InputScale(i), quantized.weight_scale);
      for (size_t o = 0; o < quantized.bias.size(); ++o) {
        layer.bias.push_back(static_cast<float>(quantized.bias[o]) * scales[o % scales.size()]);
      }
    }
    floats.layers.push_back(std::move(layer));
  }
  return floats;
}

std::vector<float> Predict(const QuantizedNetwork& network, absl::Span<const float> samples) {
  const Network floats = DequantizeNetwork(network);
  NetworkPass pass(floats, PredictionRows(floats, samples));
  pass.FakeQuantize(0, network.input);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const QuantizedLayer& layer = network.layers[i];
    if (!KeepsSteps(layer.layer.kind)) pass.FakeQuantize(i + 1, layer.output);
  }
  return Predict(pass, FlatParameters(floats), samples);
}

}  // namespace tinyjoule
