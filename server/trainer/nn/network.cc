// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {

int64_t Network::ParameterCount() const {
  size_t count = 0;
  for (const Layer& layer : layers) count += layer.weight.size() + layer.bias.size();
  return static_cast<int64_t>(count);
}

int64_t Network::MomentCount() const {
  size_t count = 0;
  for (const Layer& layer : layers) count += layer.mean.size() + layer.variance.size();
  return static_cast<int64_t>(count);
}

std::vector<size_t> Network::ReadersOf(size_t layer) const {
  std::vector<size_t> readers;
  for (size_t i = layer + 1; i < layers.size(); ++i) {
    const int64_t back = static_cast<int64_t>(i - layer);
    if (layers[i].reads_back == back || layers[i].adds_back == back) readers.push_back(i);
  }
  return readers;
}

namespace {

// Calls visit(part) for each vector of a network in the order of FlatParameters.
template <typename AnyNetwork, typename Visit>
void VisitParameters(AnyNetwork& network, const Visit& visit) {
  for (auto& layer : network.layers) {
    visit(layer.weight);
    visit(layer.bias);
  }
  for (auto& layer : network.layers) {
    visit(layer.mean);
    visit(layer.variance);
  }
}

// The layer before takes over what `norm` does.
void FoldInto(const Layer& norm, Layer& maker) {
  const size_t fan_in = static_cast<size_t>(maker.FanIn());
  for (size_t o = 0; o < norm.weight.size(); ++o) {
    const float factor = norm.weight[o] / std::sqrt(norm.variance[o] + kBatchNormEpsilon);
    for (size_t i = 0; i < fan_in; ++i) maker.weight[o * fan_in + i] *= factor;
    maker.bias[o] = (maker.bias[o] - norm.mean[o]) * factor + norm.bias[o];
  }
}

// The readers of layers[layer] come to read what it reads.
void RemoveLayer(size_t layer, Network& network) {
  const int64_t removed = static_cast<int64_t>(layer);
  const int64_t source = network.InputOf(layer);
  for (size_t i = layer + 1; i < network.layers.size(); ++i) {
    for (int64_t* back : {&network.layers[i].reads_back, &network.layers[i].adds_back}) {
      const int64_t index = static_cast<int64_t>(i);
      if (*back == 0 || index - *back > removed) continue;
      // One layer less lies between; what was read from the removed one comes from its source.
      *back = (index - *back == removed ? index - source : *back) - 1;
    }
  }
  network.layers.erase(network.layers.begin() + removed);
}

}  // namespace

std::vector<float> FlatParameters(const Network& network) {
  std::vector<float> flat;
  flat.reserve(static_cast<size_t>(network.ParameterCount() + network.MomentCount()));
  VisitParameters(network, [&](const std::vector<float>& part) {
    flat.insert(flat.end(), part.begin(), part.end());
  });
  return flat;
}

void SetFlatParameters(absl::Span<const float> parameters, Network& network) {
  const float* next = parameters.data();
  VisitParameters(network, [&](std::vector<float>& part) {
    std::copy(next, next + part.size(), part.begin());
    next += part.size();
  });
}

Network FoldBatchNorm(const Network& network) {
  Network folded = network;
  for (size_t i = folded.layers.size(); i > 1; --i) {
    const size_t norm = i - 1;
    if (folded.layers[norm].kind != LayerKind::kBatchNorm) continue;
    const int64_t source = folded.InputOf(norm);
    if (source < 0) continue;
    const size_t maker = static_cast<size_t>(source);
    if (!folded.layers[maker].HasParameters() || folded.ReadersOf(maker).size() != 1) continue;
    FoldInto(folded.layers[norm], folded.layers[maker]);
    RemoveLayer(norm, folded);
  }
  return folded;
}

size_t OutputLayer(const Network& network) {
  size_t index = network.layers.size() - 1;
  while (!network.layers[index].HasParameters()) --index;
  return index;
}

}  // namespace tinyjoule
