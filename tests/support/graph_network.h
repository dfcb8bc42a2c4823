// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_GRAPH_NETWORK_H_
#define TESTS_SUPPORT_GRAPH_NETWORK_H_

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "common/base/random_source.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {

// Builds networks with joins layer by layer. Every method appends a layer that reads layer `from`
// (-1: the input) and returns the new layer's index.
class GraphNetwork {
 public:
  explicit GraphNetwork(FeatureMap input) : input_(input) {
    network_.sample_shape = {input.channels, input.height, input.width};
  }

  int Conv(int from, int64_t channels, int64_t kernel, int64_t stride) {
    return AddConv(from, channels, kernel, stride, 1);
  }
  int Depthwise(int from, int64_t kernel, int64_t stride) {
    const int64_t channels = MapOf(from).channels;
    return AddConv(from, channels, kernel, stride, channels);
  }
  int Linear(int from, int64_t units) {
    Layer& layer = Append(LayerKind::kLinear, from, {units, 1, 1});
    Allocate(layer);
    return Last();
  }
  int BatchNorm(int from) {
    Layer& layer = Append(LayerKind::kBatchNorm, from, MapOf(from));
    const size_t channels = static_cast<size_t>(layer.out.channels);
    for (auto* part : {&layer.weight, &layer.bias, &layer.mean, &layer.variance}) {
      part->assign(channels, 1.0F);
    }
    layer.name = "norm" + std::to_string(Last());
    return Last();
  }
  int Relu(int from) { return AppendLike(LayerKind::kRelu, from, MapOf(from)); }
  int Flatten(int from) {
    return AppendLike(LayerKind::kFlatten, from, {MapOf(from).size(), 1, 1});
  }
  int GlobalAverage(int from) {
    return AppendLike(LayerKind::kGlobalAverage, from, {MapOf(from).channels, 1, 1});
  }
  int Add(int from, int other) {
    Layer& layer = Append(LayerKind::kAdd, from, MapOf(from));
    layer.adds_back = Last() - other;
    return Last();
  }
  int ConvNormRelu(int from, int64_t channels, int64_t kernel, int64_t stride) {
    return Relu(BatchNorm(Conv(from, channels, kernel, stride)));
  }

  // With random parameters, none of them 0.
  Network Build(uint64_t seed) {
    SeededRandom random(seed);
    InitializeParameters(random, network_);
    for (Layer& layer : network_.layers) {
      if (layer.kind != LayerKind::kBatchNorm) continue;
      for (float& scale : layer.weight) scale = 0.5F + UniformFloat(random);
      for (float& shift : layer.bias) shift = UniformFloat(random) - 0.3F;
      for (float& mean : layer.mean) mean = 0.4F * UniformFloat(random) - 0.2F;
      for (float& variance : layer.variance) variance = 0.3F + UniformFloat(random);
    }
    return network_;
  }

 private:
  int Last() const { return static_cast<int>(network_.layers.size()) - 1; }
  FeatureMap MapOf(int layer) const {
    return layer < 0 ? input_ : network_.layers[static_cast<size_t>(layer)].out;
  }

  Layer& Append(LayerKind kind, int from, FeatureMap out) {
    Layer layer;
    layer.kind = kind;
    layer.in = MapOf(from);
    layer.out = out;
    layer.reads_back = Last() + 1 - from;
    network_.layers.push_back(std::move(layer));
    return network_.layers.back();
  }
  int AppendLike(LayerKind kind, int from, FeatureMap out) {
    Append(kind, from, out);
    return Last();
  }
  int AddConv(int from, int64_t channels, int64_t kernel, int64_t stride, int64_t groups) {
    const FeatureMap map = MapOf(from);
    const auto strided = [&](int64_t size) { return (size + stride - 1) / stride; };
    Layer& layer =
        Append(LayerKind::kConv, from, {channels, strided(map.height), strided(map.width)});
    layer.kernel_height = layer.kernel_width = kernel;
    layer.stride_height = layer.stride_width = stride;
    layer.groups = groups;
    Allocate(layer);
    return Last();
  }
  void Allocate(Layer& layer) {
    layer.name = "layer" + std::to_string(Last());
    layer.weight.assign(static_cast<size_t>(layer.out.channels * layer.FanIn()), 0.0F);
    layer.bias.assign(static_cast<size_t>(layer.out.channels), 0.0F);
  }

  FeatureMap input_;
  Network network_;
};

// A residual network of two blocks, the second with a strided shortcut, as ResNet-8 has three:
// 4 channels, then 6.
inline Network ResidualNetwork(int64_t kernel, uint64_t seed) {
  GraphNetwork graph({3, 8, 8});
  const int stem = graph.ConvNormRelu(-1, 4, kernel, 1);
  const int inner = graph.ConvNormRelu(stem, 4, kernel, 1);
  const int first = graph.Relu(graph.Add(graph.BatchNorm(graph.Conv(inner, 4, kernel, 1)), stem));
  const int strided = graph.ConvNormRelu(first, 6, kernel, 2);
  const int second = graph.BatchNorm(graph.Conv(strided, 6, kernel, 1));
  const int shortcut = graph.Conv(first, 6, 1, 2);
  const int joined = graph.Relu(graph.Add(second, shortcut));
  graph.Linear(graph.Flatten(graph.GlobalAverage(joined)), 3);
  return graph.Build(seed);
}

// A strided convolution and two depthwise separable ones, as DS-CNN has four: 8, 8 and 6 channels.
inline Network SeparableNetwork(uint64_t seed) {
  GraphNetwork graph({1, 9, 6});
  int at = graph.ConvNormRelu(-1, 8, 3, 2);
  for (const int64_t channels : {8, 6}) {
    at = graph.Relu(graph.BatchNorm(graph.Depthwise(at, 3, 1)));
    at = graph.ConvNormRelu(at, channels, 1, 1);
  }
  graph.Linear(graph.Flatten(graph.GlobalAverage(at)), 3);
  return graph.Build(seed);
}

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_GRAPH_NETWORK_H_
