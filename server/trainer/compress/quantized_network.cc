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

namespace {

// Weights and biases as they are stored.
Network StoredNetwork(const QuantizedNetwork& network) {
  Network stored;
  stored.sample_shape = network.sample_shape;
  for (const QuantizedLayer& quantized : network.layers) {
    Layer layer = quantized.layer;
    layer.weight.assign(quantized.weight.begin(), quantized.weight.end());
    layer.bias.assign(quantized.bias.begin(), quantized.bias.end());
    stored.layers.push_back(std::move(layer));
  }
  return stored;
}

// Steps of a layer's result in one step of what its sums count, multiplied as int8 engines do.
std::vector<float> FactorsOf(const QuantizedNetwork& network, size_t index) {
  const QuantizedLayer& layer = network.layers[index];
  const float in = network.InputScale(index);
  const float out = layer.output.scale;
  if (layer.layer.kind == LayerKind::kAdd) {
    const auto addend = static_cast<int64_t>(index) - layer.layer.adds_back;
    return {in / out, network.ValueQuantization(addend).scale / out};
  }
  if (!layer.layer.HasParameters()) return {in / out};
  std::vector<float> factors = BiasScales(in, layer.weight_scale);
  for (float& factor : factors) factor /= out;
  return factors;
}

}  // namespace

std::vector<float> Predict(const QuantizedNetwork& network, absl::Span<const float> samples) {
  const Network stored = StoredNetwork(network);
  NetworkPass pass(stored, PredictionRows(stored, samples));
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const QuantizedLayer& layer = network.layers[i];
    if (KeepsSteps(layer.layer.kind)) continue;
    pass.Requantize(i + 1, FactorsOf(network, i), layer.output.zero_point);
  }
  std::vector<float> inputs;
  inputs.reserve(samples.size());
  for (const float sample : samples) {
    inputs.push_back(
        static_cast<float>(QuantizeValue(network.input, sample) - network.input.zero_point));
  }
  std::vector<float> outputs = Predict(pass, FlatParameters(stored), inputs);
  for (float& output : outputs) output *= network.OutputStep();
  return outputs;
}

std::vector<float> PredictInFloats(const QuantizedNetwork& network,
                                   absl::Span<const float> samples) {
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
