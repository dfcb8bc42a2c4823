// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_CHANNEL_GROUPS_H_
#define SERVER_TRAINER_COMPRESS_CHANNEL_GROUPS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/trainer/nn/network.h"

namespace tinyjoule {

// Channels that can only be removed together: what a convolution makes is also what its batch
// normalisation, its ReLU and a depthwise convolution behind it have, and all that meets in an Add
// has the same channels. Indices of layers, each list in order; they stay right while the network
// shrinks.
struct ChannelGroup {
  // Convolutions and linear layers whose output these channels are, depthwise ones among them.
  std::vector<size_t> makers;
  // All layers whose output these channels are, the makers too.
  std::vector<size_t> layers;
  // Convolutions and linear layers, not depthwise, that read them.
  std::vector<size_t> readers;

  int64_t Channels(const Network& network) const {
    return network.layers[makers.front()].out.channels;
  }
};

// The groups that may lose channels, by their first maker: all but those of the network's input and
// output, and those that something other than a ReLU or pooling reads value by value behind a
// Flatten.
std::vector<ChannelGroup> RemovableGroups(const Network& network);

// The layer that the second summand of layers[add], a kAdd, comes from; -1: the network's input.
inline int64_t OtherInputOf(const Network& network, size_t add) {
  return static_cast<int64_t>(add) - network.layers[add].adds_back;
}

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_CHANNEL_GROUPS_H_
