// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network.h"

#include <algorithm>

namespace tinyjoule {

int64_t Network::ParameterCount() const {
  size_t count = 0;
  for (const Layer& layer : layers) count += layer.weight.size() + layer.bias.size();
  return static_cast<int64_t>(count);
}

std::vector<float> FlatParameters(const Network& network) {
  std::vector<float> flat;
  flat.reserve(static_cast<size_t>(network.ParameterCount()));
  for (const Layer& layer : network.layers) {
    flat.insert(flat.end(), layer.weight.begin(), layer.weight.end());
    flat.insert(flat.end(), layer.bias.begin(), layer.bias.end());
  }
  return flat;
}

void SetFlatParameters(absl::Span<const float> parameters, Network& network) {
  const float* next = parameters.data();
  for (Layer& layer : network.layers) {
    for (std::vector<float>* part : {&layer.weight, &layer.bias}) {
      std::copy(next, next + part->size(), part->begin());
      next += part->size();
    }
  }
}

size_t OutputLayer(const Network& network) {
  size_t index = network.layers.size() - 1;
  while (!network.layers[index].HasParameters()) --index;
  return index;
}

}  // namespace tinyjoule
