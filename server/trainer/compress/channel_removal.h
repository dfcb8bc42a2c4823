// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_CHANNEL_REMOVAL_H_
#define SERVER_TRAINER_COMPRESS_CHANNEL_REMOVAL_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/compress/channel_groups.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// Which channels of a group stay: ascending, at least one.
struct ChannelRemoval {
  ChannelGroup group;
  std::vector<int64_t> kept;
};

// The mask of structured pruning, as PyTorch's ln_structured leaves it: in every layer that makes
// the group's channels all but those kept have no weights, only their bias, and so are constant.
void MaskChannels(const ChannelRemoval& removal, Network& network);

// Cuts the channels that are not kept out of the layers of the groups and of what reads them, so
// that the outputs stay as near as they can to those of the network masked by MaskChannels: what a
// removed channel is once it is constant, behind normalisation, joins and ReLU, goes into the
// biases of the layers that read it. That is exact, but where the reader is a convolution with a
// padded border: at the border some of its weights fall on zeros, and no one bias is right
// everywhere. Then
//
//   1. the reader's bias takes the mean over its output positions, and
//   2. the biases of the convolutions and linear layers that come next take, in the order of the
//      network, what the mean over `samples`, [row][sample size], of their sums is then still off.
//      No samples: only 1.
void RemoveChannels(absl::Span<const ChannelRemoval> removals, absl::Span<const float> samples,
                    Network& network);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_CHANNEL_REMOVAL_H_
