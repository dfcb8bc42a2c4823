// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/channel_groups.h"

#include <numeric>
#include <set>

namespace tinyjoule {
namespace {

// The partition of a network's values by channels. Value 0 is the input, i + 1 the output of
// layers[i].
class ValuePartition {
 public:
  explicit ValuePartition(const Network& network) : parents_(network.layers.size() + 1) {
    std::iota(parents_.begin(), parents_.end(), size_t{0});
    for (size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      if (layer.HasParameters() && !layer.IsDepthwise()) continue;
      Join(InputValue(network, i), i + 1);
      if (layer.kind == LayerKind::kAdd) {
        Join(static_cast<size_t>(OtherInputOf(network, i) + 1), i + 1);
      }
    }
  }

  static size_t InputValue(const Network& network, size_t layer) {
    return static_cast<size_t>(network.InputOf(layer) + 1);
  }

  size_t PartOf(size_t value) const {
    while (parents_[value] != value) value = parents_[value];
    return value;
  }

 private:
  void Join(size_t a, size_t b) { parents_[PartOf(b)] = PartOf(a); }

  std::vector<size_t> parents_;
};

// For each value whether a Flatten has made several values of each channel.
std::vector<bool> SplitChannels(const Network& network) {
  std::vector<bool> split(network.layers.size() + 1);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.HasParameters() && !layer.IsDepthwise()) continue;
    const bool splits = layer.kind == LayerKind::kFlatten && layer.in.size() > layer.in.channels;
    split[i + 1] = splits || split[ValuePartition::InputValue(network, i)];
    if (layer.kind != LayerKind::kAdd) continue;
    split[i + 1] = split[i + 1] || split[static_cast<size_t>(OtherInputOf(network, i) + 1)];
  }
  return split;
}

std::set<size_t> FixedParts(const Network& network, const ValuePartition& partition) {
  std::set<size_t> fixed = {partition.PartOf(0), partition.PartOf(network.layers.size())};
  const std::vector<bool> split = SplitChannels(network);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const bool by_value =
        layer.kind == LayerKind::kBatchNorm || layer.kind == LayerKind::kAdd || layer.IsDepthwise();
    if (by_value && split[i + 1]) fixed.insert(partition.PartOf(i + 1));
  }
  return fixed;
}

}  // namespace

std::vector<ChannelGroup> RemovableGroups(const Network& network) {
  const ValuePartition partition(network);
  const std::set<size_t> fixed = FixedParts(network, partition);
  std::vector<ChannelGroup> of_part(network.layers.size() + 1);
  std::vector<size_t> parts;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const size_t part = partition.PartOf(i + 1);
    of_part[part].layers.push_back(i);
    if (!layer.HasParameters()) continue;
    if (of_part[part].makers.empty() && fixed.count(part) == 0) parts.push_back(part);
    of_part[part].makers.push_back(i);
    if (layer.IsDepthwise()) continue;
    of_part[partition.PartOf(ValuePartition::InputValue(network, i))].readers.push_back(i);
  }
  std::vector<ChannelGroup> groups;
  for (size_t part : parts) groups.push_back(of_part[part]);
  return groups;
}

}  // namespace tinyjoule
