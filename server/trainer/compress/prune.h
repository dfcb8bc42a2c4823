// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_PRUNE_H_
#define SERVER_TRAINER_COMPRESS_PRUNE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random_source.h"
#include "server/trainer/compress/channel_groups.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Prunes a network, at once or in steps of rising sparsity, each a share of what it had at first.
//
//   unstructured  sets the weights of least magnitude (or random ones) to exactly 0, the output
//                 layer's too; biases and normalisation stay. A weight that is 0 already goes
//                 first, so that zeros stay zeros.
//   structured    removes the channels (or hidden units) whose weights have the least L1 or L2 norm
//                 (or random ones) from every group of layers that share them (ChannelGroup) but
//                 the output layer's; the norm is taken over all weights that make a channel in the
//                 group. At least one channel of each group stays, and with round_to a multiple of
//                 it, or all. The tensors really shrink: see RemoveChannels.
//
// Allocation: per layer (or group) the share is rounded to whole weights or channels of each;
// globally the lowest scores of the whole network go, and the share is of all weights, or of all
// channels of all groups. Global magnitudes are compared as they are, as PyTorch's
// global_unstructured does. Norms of channels are divided by their mean over the group, so that
// layers of more or larger weights per channel can be compared with others, as Torch-Pruning does
// by default (Fang et al. 2023, "DepGraph: towards any structural pruning").
class NetworkPruner {
 public:
  // `network` as it is before the first call of PruneTo. InvalidArgument: sparsity not in [0, 1),
  // scope or criterion missing or not for networks.
  static absl::StatusOr<NetworkPruner> Create(const v1::PruneStep& step, const Network& network);

  // Of the same network, which may have been trained since; `sparsity` at least the last call's.
  // `samples`: of the training rows, [row][sample size], for RemoveChannels; a thousand are plenty.
  void PruneTo(double sparsity, absl::Span<const float> samples, RandomSource& random,
               Network& network) const;

 private:
  NetworkPruner(const v1::PruneStep& step, const Network& network);

  void PruneWeights(const std::vector<size_t>& layers, double sparsity, RandomSource& random,
                    Network& network) const;
  // For each of `groups` the channels to remove, those of lower score first.
  std::vector<std::vector<int64_t>> ChannelsToRemove(const std::vector<size_t>& groups,
                                                     double sparsity, RandomSource& random,
                                                     const Network& network) const;
  void PruneChannels(double sparsity, absl::Span<const float> samples, RandomSource& random,
                     Network& network) const;
  std::vector<double> ChannelScores(const ChannelGroup& group, RandomSource& random,
                                    const Network& network) const;
  size_t RoundUp(size_t kept) const;

  v1::PruneStep step_;
  std::vector<ChannelGroup> groups_;
  // Of each group, before the first call.
  std::vector<int64_t> channels_;
  // What shares a sparsity: each layer (unstructured) or group (structured) alone, or all.
  std::vector<std::vector<size_t>> shares_;
};

// Once, to the step's sparsity.
[[nodiscard]] absl::Status PruneNetwork(const v1::PruneStep& step, absl::Span<const float> samples,
                                        RandomSource& random, Network& network);

// One step of gradual pruning, with the epochs of fine-tuning behind it.
struct PruningStage {
  double sparsity = 0;
  uint32_t epochs = 0;
};

// s_k = sparsity x (1 - (1 - k / steps)^3), k = 1 .. steps (Zhu and Gupta 2017, "To prune, or not
// to prune", from 0), and `epochs` as evenly as whole epochs can. InvalidArgument: fewer epochs
// than steps, or no step.
absl::StatusOr<std::vector<PruningStage>> GradualSchedule(double sparsity, uint32_t steps,
                                                          uint32_t epochs);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_PRUNE_H_
