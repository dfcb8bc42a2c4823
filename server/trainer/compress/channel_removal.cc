// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/channel_removal.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

// For each channel what it is, everywhere.
using Constants = std::vector<float>;

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

Constants Normalized(const Layer& norm, Constants values) {
  for (size_t c = 0; c < values.size(); ++c) {
    const float deviation = std::sqrt(norm.variance[c] + kBatchNormEpsilon);
    values[c] = norm.weight[c] * (values[c] - norm.mean[c]) / deviation + norm.bias[c];
  }
  return values;
}

// What the channels of layers[index] are when none of the makers of their group has weights.
// `known`: the same of the layers of the group before it.
Constants ConstantsOf(const Network& network, size_t index, std::map<size_t, Constants>& known) {
  const Layer& layer = network.layers[index];
  if (layer.HasParameters()) return layer.bias;
  Constants values = known[static_cast<size_t>(network.InputOf(index))];
  if (layer.kind == LayerKind::kBatchNorm) return Normalized(layer, std::move(values));
  if (layer.kind == LayerKind::kAdd) {
    const Constants& other = known[static_cast<size_t>(OtherInputOf(network, index))];
    for (size_t c = 0; c < values.size(); ++c) values[c] += other[c];
  }
  if (layer.kind == LayerKind::kRelu) {
    for (float& value : values) value = std::max(value, 0.0F);
  }
  return values;
}

// By layer of the group; 0 for the channels that are kept.
std::map<size_t, Constants> ConstantsOfRemoved(const Network& network,
                                               const ChannelRemoval& removal) {
  std::map<size_t, Constants> constants;
  for (size_t layer : removal.group.layers) {
    constants[layer] = ConstantsOf(network, layer, constants);
  }
  for (auto& [layer, values] : constants) {
    for (int64_t channel : removal.kept) values[static_cast<size_t>(channel)] = 0.0F;
  }
  return constants;
}

// Of the output positions along one side the share at which a kernel's weight `tap` falls on real
// input.
double ShareOnInput(int64_t tap, int64_t pad, int64_t stride, int64_t in, int64_t out) {
  int64_t on_input = 0;
  for (int64_t position = 0; position < out; ++position) {
    const int64_t read = position * stride + tap - pad;
    if (read >= 0 && read < in) ++on_input;
  }
  return static_cast<double>(on_input) / static_cast<double>(out);
}

// For each weight that reads one value of a channel, the share of output positions that it counts.
std::vector<double> TapShares(const Layer& reader) {
  if (reader.kind != LayerKind::kConv) return {1.0};
  std::vector<double> shares;
  for (int64_t i = 0; i < reader.kernel_height; ++i) {
    const double rows =
        ShareOnInput(i, reader.PadTop(), reader.stride_height, reader.in.height, reader.out.height);
    for (int64_t j = 0; j < reader.kernel_width; ++j) {
      shares.push_back(rows * ShareOnInput(j, reader.PadLeft(), reader.stride_width,
                                           reader.in.width, reader.out.width));
    }
  }
  return shares;
}

bool HasBorder(const Layer& reader) {
  const std::vector<double> shares = TapShares(reader);
  return *std::min_element(shares.begin(), shares.end()) < 1;
}

void FoldIntoBias(const Constants& constants, Layer& reader) {
  const std::vector<double> shares = TapShares(reader);
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

void CutOutputs(const std::vector<int64_t>& kept, Layer& layer) {
  if (layer.HasParameters()) layer.weight = KeepBlocks(layer.weight, 1, layer.FanIn(), kept);
  if (layer.kind == LayerKind::kBatchNorm) {
    for (auto* part : {&layer.weight, &layer.mean, &layer.variance}) {
      *part = KeepBlocks(*part, 1, 1, kept);
    }
  }
  if (!layer.bias.empty()) layer.bias = KeepBlocks(layer.bias, 1, 1, kept);
  const int64_t channels = static_cast<int64_t>(kept.size());
  if (layer.IsDepthwise()) layer.groups = channels;
  layer.out.channels = channels;
}

void CutInputs(const std::vector<int64_t>& kept, int64_t channels, Layer& reader) {
  reader.weight = KeepBlocks(reader.weight, reader.out.channels, reader.FanIn() / channels, kept);
}

// Each layer's `in` again what the layer that it reads gives.
void ConnectShapes(Network& network) {
  for (size_t i = 0; i < network.layers.size(); ++i) {
    Layer& layer = network.layers[i];
    const int64_t input = network.InputOf(i);
    if (input >= 0) layer.in = network.layers[static_cast<size_t>(input)].out;
    if (layer.kind == LayerKind::kFlatten) layer.out = {layer.in.size(), 1, 1};
    if (!layer.HasParameters() && layer.kind != LayerKind::kFlatten) {
      layer.out.channels = layer.in.channels;
    }
  }
}

void Cut(const ChannelRemoval& removal, Network& network) {
  const int64_t channels = removal.group.Channels(network);
  // Readers first: a layer that reads and makes the same channels is cut along both sides.
  for (size_t reader : removal.group.readers) {
    CutInputs(removal.kept, channels, network.layers[reader]);
    // What FanIn() counts from here on.
    network.layers[reader].in.channels -= network.layers[reader].in.channels / channels *
                                          (channels - static_cast<int64_t>(removal.kept.size()));
  }
  for (size_t layer : removal.group.layers) {
    if (network.layers[layer].kind != LayerKind::kFlatten) {
      CutOutputs(removal.kept, network.layers[layer]);
    }
  }
  ConnectShapes(network);
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

// The convolutions and linear layers that see what layers[layer] gives before any other does.
void AddNextMakers(const Network& network, size_t layer, std::set<size_t>& makers) {
  for (size_t reader : network.ReadersOf(layer)) {
    if (network.layers[reader].HasParameters()) {
      makers.insert(reader);
    } else {
      AddNextMakers(network, reader, makers);
    }
  }
}

// Removes the channels of several groups from one network.
class Removing {
 public:
  Removing(absl::Span<const ChannelRemoval> removals, Network& network)
      : removals_(removals), network_(network), masked_(network) {
    for (const ChannelRemoval& removal : removals_) {
      MaskChannels(removal, masked_);
      for (size_t maker : removal.group.makers) kept_[maker] = &removal.kept;
    }
  }

  void Fold() {
    // All constants before any bias moves: a removed channel's bias is the trained one.
    std::vector<std::map<size_t, Constants>> constants;
    for (const ChannelRemoval& removal : removals_) {
      constants.push_back(ConstantsOfRemoved(network_, removal));
    }
    for (size_t i = 0; i < removals_.size(); ++i) {
      for (size_t reader : removals_[i].group.readers) {
        FoldInto(reader, constants[i][static_cast<size_t>(network_.InputOf(reader))]);
      }
    }
    for (const ChannelRemoval& removal : removals_) Cut(removal, network_);
  }

  void CorrectMeans(absl::Span<const float> samples) {
    for (size_t maker : inexact_) {
      const std::vector<double> wanted = Kept(maker, MeanOutputs(masked_, maker, samples));
      const std::vector<double> got = MeanOutputs(network_, maker, samples);
      std::vector<float>& bias = network_.layers[maker].bias;
      for (size_t i = 0; i < bias.size(); ++i) bias[i] += static_cast<float>(wanted[i] - got[i]);
    }
  }

 private:
  void FoldInto(size_t reader, const Constants& constants) {
    FoldIntoBias(constants, network_.layers[reader]);
    const bool all_zero = std::all_of(constants.begin(), constants.end(),
                                      [](float constant) { return constant == 0.0F; });
    if (!all_zero && HasBorder(network_.layers[reader])) AddNextMakers(network_, reader, inexact_);
  }

  std::vector<double> Kept(size_t maker, const std::vector<double>& values) const {
    const auto kept = kept_.find(maker);
    if (kept == kept_.end()) return values;
    std::vector<double> result;
    for (int64_t channel : *kept->second) result.push_back(values[static_cast<size_t>(channel)]);
    return result;
  }

  absl::Span<const ChannelRemoval> removals_;
  Network& network_;
  Network masked_;
  // The kept channels of each maker that loses some.
  std::map<size_t, const std::vector<int64_t>*> kept_;
  // Layers whose inputs are not exactly those of the masked network.
  std::set<size_t> inexact_;
};

}  // namespace

void MaskChannels(const ChannelRemoval& removal, Network& network) {
  for (size_t index : removal.group.makers) {
    Layer& maker = network.layers[index];
    for (int64_t channel = 0; channel < maker.out.channels; ++channel) {
      if (std::binary_search(removal.kept.begin(), removal.kept.end(), channel)) continue;
      std::fill_n(maker.weight.begin() + channel * maker.FanIn(), maker.FanIn(), 0.0F);
    }
  }
}

void RemoveChannels(absl::Span<const ChannelRemoval> removals, absl::Span<const float> samples,
                    Network& network) {
  Removing removing(removals, network);
  removing.Fold();
  if (!samples.empty()) removing.CorrectMeans(samples);
}

}  // namespace tinyjoule
