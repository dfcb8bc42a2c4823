// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/compress/channel_removal.h"
#include "server/trainer/compress/prune_scores.h"

namespace tinyjoule {
namespace {

// One channel that may go.
struct Candidate {
  double score = 0;
  size_t group = 0;
  int64_t channel = 0;
};

absl::Status CheckStep(const v1::PruneStep& step) {
  TJ_RETURN_IF_ERROR(CheckPruneSparsity(step));
  if (step.scope() != v1::PRUNE_SCOPE_UNSTRUCTURED && step.scope() != v1::PRUNE_SCOPE_STRUCTURED) {
    return absl::InvalidArgumentError("prune.scope is missing: unstructured or structured");
  }
  switch (step.criterion()) {
    case v1::PRUNE_CRITERION_RANDOM:
    case v1::PRUNE_CRITERION_L1:
    case v1::PRUNE_CRITERION_L2:
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("prune.criterion of a network: random, l1 or l2");
  }
}

std::vector<size_t> WeightedLayers(const Network& network) {
  std::vector<size_t> layers;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (network.layers[i].HasParameters()) layers.push_back(i);
  }
  return layers;
}

std::vector<int64_t> AllBut(const std::vector<int64_t>& removed, int64_t count) {
  std::vector<int64_t> kept;
  for (int64_t channel = 0; channel < count; ++channel) {
    if (std::find(removed.begin(), removed.end(), channel) == removed.end()) {
      kept.push_back(channel);
    }
  }
  return kept;
}

}  // namespace

absl::StatusOr<NetworkPruner> NetworkPruner::Create(const v1::PruneStep& step,
                                                    const Network& network) {
  TJ_RETURN_IF_ERROR(CheckStep(step));
  return NetworkPruner(step, network);
}

NetworkPruner::NetworkPruner(const v1::PruneStep& step, const Network& network)
    : step_(step), groups_(RemovableGroups(network)) {
  for (const ChannelGroup& group : groups_) channels_.push_back(group.Channels(network));
  std::vector<size_t> all(groups_.size());
  std::iota(all.begin(), all.end(), size_t{0});
  if (step_.scope() == v1::PRUNE_SCOPE_UNSTRUCTURED) all = WeightedLayers(network);
  if (step_.allocation() == v1::PRUNE_ALLOCATION_GLOBAL) {
    shares_ = {all};
  } else {
    for (size_t index : all) shares_.push_back({index});
  }
}

void NetworkPruner::PruneTo(double sparsity, absl::Span<const float> samples, RandomSource& random,
                            Network& network) const {
  if (step_.scope() == v1::PRUNE_SCOPE_STRUCTURED) {
    return PruneChannels(sparsity, samples, random, network);
  }
  for (const std::vector<size_t>& layers : shares_) {
    PruneWeights(layers, sparsity, random, network);
  }
}

void NetworkPruner::PruneWeights(const std::vector<size_t>& layers, double sparsity,
                                 RandomSource& random, Network& network) const {
  std::vector<float*> weights;
  for (size_t index : layers) {
    for (float& weight : network.layers[index].weight) weights.push_back(&weight);
  }
  const bool at_random = step_.criterion() == v1::PRUNE_CRITERION_RANDOM;
  std::vector<double> scores =
      at_random ? RandomScores(random, weights.size()) : std::vector<double>(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!at_random) scores[i] = std::abs(*weights[i]);
    if (*weights[i] == 0.0F) scores[i] = -1;
  }
  for (size_t index : LowestScores(scores, CountToPrune(sparsity, weights.size()))) {
    *weights[index] = 0.0F;
  }
}

std::vector<double> NetworkPruner::ChannelScores(const ChannelGroup& group, RandomSource& random,
                                                 const Network& network) const {
  const size_t channels = static_cast<size_t>(group.Channels(network));
  if (step_.criterion() == v1::PRUNE_CRITERION_RANDOM) return RandomScores(random, channels);
  const bool l1 = step_.criterion() == v1::PRUNE_CRITERION_L1;
  std::vector<double> norms(channels);
  for (size_t maker : group.makers) {
    const std::vector<float>& weights = network.layers[maker].weight;
    const size_t fan_in = weights.size() / channels;
    for (size_t i = 0; i < weights.size(); ++i) {
      const double weight = weights[i];
      norms[i / fan_in] += l1 ? std::abs(weight) : weight * weight;
    }
  }
  if (!l1) {
    for (double& norm : norms) norm = std::sqrt(norm);
  }
  if (step_.allocation() != v1::PRUNE_ALLOCATION_GLOBAL) return norms;
  const double mean =
      std::accumulate(norms.begin(), norms.end(), 0.0) / static_cast<double>(channels);
  for (double& norm : norms) norm = mean > 0 ? norm / mean : 0;
  return norms;
}

size_t NetworkPruner::RoundUp(size_t kept) const {
  const size_t multiple = std::max<size_t>(step_.round_to(), 1);
  return (kept + multiple - 1) / multiple * multiple;
}

std::vector<std::vector<int64_t>> NetworkPruner::ChannelsToRemove(const std::vector<size_t>& groups,
                                                                  double sparsity,
                                                                  RandomSource& random,
                                                                  const Network& network) const {
  std::vector<Candidate> candidates;
  size_t channels_at_first = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::vector<double> scores = ChannelScores(groups_[groups[i]], random, network);
    for (size_t c = 0; c < scores.size(); ++c) {
      candidates.push_back({scores[c], i, static_cast<int64_t>(c)});
    }
    channels_at_first += static_cast<size_t>(channels_[groups[i]]);
  }
  const size_t stay = channels_at_first - CountToPrune(sparsity, channels_at_first);
  size_t to_remove = candidates.size() - std::min(stay, candidates.size());
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
  std::vector<std::vector<int64_t>> removed(groups.size());
  for (const Candidate& candidate : candidates) {
    const size_t channels = static_cast<size_t>(groups_[groups[candidate.group]].Channels(network));
    std::vector<int64_t>& of_group = removed[candidate.group];
    if (to_remove == 0) break;
    if (of_group.size() + 1 == channels) continue;
    of_group.push_back(candidate.channel);
    --to_remove;
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    const size_t channels = static_cast<size_t>(groups_[groups[i]].Channels(network));
    const size_t kept = std::min(RoundUp(channels - removed[i].size()), channels);
    removed[i].resize(channels - kept);
  }
  return removed;
}

void NetworkPruner::PruneChannels(double sparsity, absl::Span<const float> samples,
                                  RandomSource& random, Network& network) const {
  std::vector<ChannelRemoval> removals;
  for (const std::vector<size_t>& share : shares_) {
    const std::vector<std::vector<int64_t>> removed =
        ChannelsToRemove(share, sparsity, random, network);
    for (size_t i = 0; i < share.size(); ++i) {
      const ChannelGroup& group = groups_[share[i]];
      if (removed[i].empty()) continue;
      removals.push_back({group, AllBut(removed[i], group.Channels(network))});
    }
  }
  RemoveChannels(removals, samples, network);
}

absl::Status PruneNetwork(const v1::PruneStep& step, absl::Span<const float> samples,
                          RandomSource& random, Network& network) {
  TJ_ASSIGN_OR_RETURN(const NetworkPruner pruner, NetworkPruner::Create(step, network));
  pruner.PruneTo(step.sparsity(), samples, random, network);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PruningStage>> GradualSchedule(double sparsity, uint32_t steps,
                                                          uint32_t epochs) {
  if (steps < 1 || epochs < steps) {
    return absl::InvalidArgumentError(absl::StrCat("prune.epochs: ", epochs, " epochs for ", steps,
                                                   " steps; each step needs at least one"));
  }
  std::vector<PruningStage> stages;
  for (uint64_t k = 1; k <= steps; ++k) {
    const double left = 1 - static_cast<double>(k) / steps;
    const uint64_t until = epochs * k / steps;
    const uint64_t before = epochs * (k - 1) / steps;
    stages.push_back({sparsity * (1 - left * left * left), static_cast<uint32_t>(until - before)});
  }
  return stages;
}

}  // namespace tinyjoule
