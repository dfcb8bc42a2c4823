// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/channel_removal.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

// Of a matrix of `rows` rows in blocks of `block` columns, the blocks `kept` of each row.
std::vector<float> KeepBlocks(const std::vector<float>& matrix, int64_t rows, int64_t block,
                              const std::vector<int64_t>& kept) {
  const int64_t columns = static_cast<int64_t>(matrix.size()) / rows;
  std::vector<float> result;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t index : kept) {
      const auto first = matrix.begin() + row * columns + index * block;
      result.insert(result.end(), first, first + block);
    }
  }
  return result;
}

// The next layer with parameters behind layers[layer]; none: the number of layers.
size_t ReaderOf(const Network& network, size_t layer) {
  size_t reader = layer + 1;
  while (reader < network.layers.size() && !network.layers[reader].HasParameters()) ++reader;
  return reader;
}

// What each output channel of layers[layer] is at `reader` once it has no weights; 0 for `kept`.
std::vector<float> ConstantsOfRemoved(const Network& network, size_t layer, size_t reader,
                                      const std::vector<int64_t>& kept) {
  std::vector<float> constants = network.layers[layer].bias;
  const bool rectified =
      std::any_of(network.layers.begin() + static_cast<std::ptrdiff_t>(layer),
                  network.layers.begin() + static_cast<std::ptrdiff_t>(reader),
                  [](const Layer& between) { return between.kind == LayerKind::kRelu; });
  for (float& value : constants) value = rectified ? std::max(value, 0.0F) : value;
  for (int64_t channel : kept) constants[static_cast<size_t>(channel)] = 0.0F;
  return constants;
}

// Of `size` output positions the share at which a kernel's weight `tap` falls on real input.
double ShareOnInput(int64_t tap, int64_t kernel, int64_t size) {
  const int64_t on_padding = std::min(std::abs(tap - kernel / 2), size);
  return static_cast<double>(size - on_padding) / static_cast<double>(size);
}

// For each weight that reads one value of a channel, the share of output positions that it counts.
std::vector<double> TapShares(const Layer& reader) {
  std::vector<double> shares;
  for (int64_t i = 0; i < reader.kernel_height; ++i) {
    for (int64_t j = 0; j < reader.kernel_width; ++j) {
      shares.push_back(ShareOnInput(i, reader.kernel_height, reader.in.height) *
                       ShareOnInput(j, reader.kernel_width, reader.in.width));
    }
  }
  return shares;
}

void FoldIntoBias(const std::vector<float>& constants, Layer& reader) {
  const std::vector<double> shares =
      reader.kind == LayerKind::kConv ? TapShares(reader) : std::vector<double>{1.0};
  const size_t fan_in = static_cast<size_t>(reader.FanIn());
  const size_t weights_per_channel = fan_in / constants.size();
  for (size_t output = 0; output < reader.bias.size(); ++output) {
    double sum = reader.bias[output];
    for (size_t i = 0; i < fan_in; ++i) {
      sum += constants[i / weights_per_channel] * shares[i % shares.size()] *
             reader.weight[output * fan_in + i];
    }
    reader.bias[output] = static_cast<float>(sum);
  }
}

void Shrink(size_t layer, const std::vector<int64_t>& kept, Network& network) {
  Layer& maker = network.layers[layer];
  maker.weight = KeepBlocks(maker.weight, 1, maker.FanIn(), kept);
  maker.bias = KeepBlocks(maker.bias, 1, 1, kept);
  maker.out.channels = static_cast<int64_t>(kept.size());
  FeatureMap map = maker.out;
  // Values of one kept channel in what the next layers read: more than one behind a Flatten.
  int64_t block = 1;
  for (size_t i = layer + 1; i < network.layers.size(); ++i) {
    Layer& reader = network.layers[i];
    reader.in = map;
    if (reader.HasParameters()) {
      block *= reader.kernel_height * reader.kernel_width;
      reader.weight = KeepBlocks(reader.weight, reader.out.channels, block, kept);
      return;
    }
    if (reader.kind == LayerKind::kFlatten) {
      block = map.height * map.width;
      reader.out = {map.size(), 1, 1};
    } else {
      reader.out.channels = map.channels;
    }
    map = reader.out;
  }
}

// The mean over samples and positions of each channel that layers[layer] gives, before its ReLU.
std::vector<double> MeanOutputs(Network network, size_t layer, absl::Span<const float> samples) {
  network.layers.resize(layer + 1);
  const FeatureMap& map = network.layers.back().out;
  const std::vector<float> values = Predict(network, samples);
  const size_t positions = static_cast<size_t>(map.height * map.width);
  std::vector<double> means(static_cast<size_t>(map.channels));
  for (size_t i = 0; i < values.size(); ++i) means[i / positions % means.size()] += values[i];
  for (double& mean : means)
    mean *= static_cast<double>(means.size()) / static_cast<double>(values.size());
  return means;
}

bool HasBorder(const Layer& layer) { return layer.kernel_height > 1 || layer.kernel_width > 1; }

}  // namespace

void MaskChannels(size_t layer, const std::vector<int64_t>& kept, Network& network) {
  Layer& maker = network.layers[layer];
  for (int64_t channel = 0; channel < maker.out.channels; ++channel) {
    if (std::binary_search(kept.begin(), kept.end(), channel)) continue;
    std::fill_n(maker.weight.begin() + channel * maker.FanIn(), maker.FanIn(), 0.0F);
  }
}

void KeepChannels(size_t layer, const std::vector<int64_t>& kept, absl::Span<const float> samples,
                  Network& network) {
  const size_t reader = ReaderOf(network, layer);
  const size_t after = ReaderOf(network, reader);
  const bool correct =
      HasBorder(network.layers[reader]) && after < network.layers.size() && !samples.empty();
  std::vector<double> wanted;
  if (correct) {
    Network masked = network;
    MaskChannels(layer, kept, masked);
    wanted = MeanOutputs(std::move(masked), after, samples);
  }
  FoldIntoBias(ConstantsOfRemoved(network, layer, reader, kept), network.layers[reader]);
  Shrink(layer, kept, network);
  if (!correct) return;
  const std::vector<double> got = MeanOutputs(network, after, samples);
  std::vector<float>& bias = network.layers[after].bias;
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += static_cast<float>(wanted[i] - got[i]);
}

}  // namespace tinyjoule
