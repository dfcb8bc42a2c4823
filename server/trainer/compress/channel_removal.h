// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_CHANNEL_REMOVAL_H_
#define SERVER_TRAINER_COMPRESS_CHANNEL_REMOVAL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// The mask of structured pruning, as PyTorch's ln_structured leaves it: every output channel of
// layers[layer] but those `kept` has no weights, only its bias, and so is constant.
void MaskChannels(size_t layer, const std::vector<int64_t>& kept, Network& network);

// Leaves only the output channels `kept` (ascending) of layers[layer], which is not the output
// layer, and what reads them, so that the outputs stay as near as they can to those of the network
// masked by MaskChannels: each removed channel's constant goes into the biases of the layer that
// reads it. That is exact, but where the reader is a convolution with a padded border: at the
// border some of its weights fall on zeros, and no one bias is right everywhere. Then
//
//   1. the reader's bias takes the mean over its output positions, and
//   2. the biases of the layer after it take what the mean over `samples`, [row][sample size], of
//      its sums is then still off. No samples: only 1.
void KeepChannels(size_t layer, const std::vector<int64_t>& kept, absl::Span<const float> samples,
                  Network& network);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_CHANNEL_REMOVAL_H_
