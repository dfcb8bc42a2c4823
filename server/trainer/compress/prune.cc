// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/compress/channel_removal.h"

namespace tinyjoule {
namespace {

size_t CountToPrune(double sparsity, size_t size) {
  return static_cast<size_t>(std::nearbyint(sparsity * static_cast<double>(size)));
}

// The indices of the `count` lowest scores, ascending; lower indices first among equals.
std::vector<size_t> Lowest(const std::vector<double>& scores, size_t count) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<double> RandomScores(RandomSource& random, size_t count) {
  std::vector<double> scores(count);
  for (double& score : scores) score = static_cast<double>(random() >> 11);
  return scores;
}

absl::Status CheckStep(const v1::PruneStep& step) {
  if (!step.has_sparsity() || !(step.sparsity() >= 0 && step.sparsity() < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("prune.sparsity: ", step.sparsity(), " is not in [0, 1)"));
  }
  if (step.criterion() == v1::PRUNE_CRITERION_UNSPECIFIED) {
    return absl::InvalidArgumentError("prune.criterion is missing: random, l1 or l2");
  }
  return absl::OkStatus();
}

void PruneWeights(const v1::PruneStep& step, RandomSource& random, Layer& layer) {
  std::vector<double> scores;
  if (step.criterion() == v1::PRUNE_CRITERION_RANDOM) {
    scores = RandomScores(random, layer.weight.size());
  } else {
    for (float weight : layer.weight) scores.push_back(std::abs(weight));
  }
  for (size_t index : Lowest(scores, CountToPrune(step.sparsity(), scores.size()))) {
    layer.weight[index] = 0.0F;
  }
}

std::vector<double> ChannelScores(v1::PruneCriterion criterion, RandomSource& random,
                                  const Layer& layer) {
  const size_t channels = static_cast<size_t>(layer.out.channels);
  if (criterion == v1::PRUNE_CRITERION_RANDOM) return RandomScores(random, channels);
  const size_t fan_in = static_cast<size_t>(layer.FanIn());
  std::vector<double> scores(channels);
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    const double weight = layer.weight[i];
    scores[i / fan_in] += criterion == v1::PRUNE_CRITERION_L1 ? std::abs(weight) : weight * weight;
  }
  return scores;
}

void PruneChannels(const v1::PruneStep& step, absl::Span<const float> samples, RandomSource& random,
                   size_t index, Network& network) {
  const std::vector<double> scores = ChannelScores(step.criterion(), random, network.layers[index]);
  const size_t removed_count =
      std::min(CountToPrune(step.sparsity(), scores.size()), scores.size() - 1);
  if (removed_count == 0) return;
  const std::vector<size_t> removed = Lowest(scores, removed_count);
  std::vector<int64_t> kept;
  for (size_t channel = 0; channel < scores.size(); ++channel) {
    if (!std::binary_search(removed.begin(), removed.end(), channel)) {
      kept.push_back(static_cast<int64_t>(channel));
    }
  }
  KeepChannels(index, kept, samples, network);
}

}  // namespace

absl::Status PruneNetwork(const v1::PruneStep& step, absl::Span<const float> samples,
                          RandomSource& random, Network& network) {
  TJ_RETURN_IF_ERROR(CheckStep(step));
  const size_t output = OutputLayer(network);
  switch (step.scope()) {
    case v1::PRUNE_SCOPE_UNSTRUCTURED:
      for (Layer& layer : network.layers) PruneWeights(step, random, layer);
      return absl::OkStatus();
    case v1::PRUNE_SCOPE_STRUCTURED:
      // From back to front: a layer is scored with all its weights, and a removed channel's bias
      // is still the trained one.
      for (size_t i = output; i-- > 0;) {
        if (network.layers[i].HasParameters()) PruneChannels(step, samples, random, i, network);
      }
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("prune.scope is missing: unstructured or structured");
  }
}

absl::Status PruneKnn(const v1::PruneStep& step, RandomSource& random, KnnModel& model) {
  TJ_RETURN_IF_ERROR(CheckStep(step));
  if (step.criterion() != v1::PRUNE_CRITERION_RANDOM) {
    return absl::InvalidArgumentError(
        "prune.criterion: the stored points of a tinyknn are pruned at random only");
  }
  const size_t rows = static_cast<size_t>(model.rows);
  const size_t removed = CountToPrune(step.sparsity(), rows);
  if (rows - removed < static_cast<size_t>(model.k)) {
    return absl::InvalidArgumentError(absl::StrCat("prune.sparsity: ", step.sparsity(), " leaves ",
                                                   rows - removed, " of ", rows,
                                                   " points, fewer than k = ", model.k));
  }
  const std::vector<size_t> kept = Lowest(RandomScores(random, rows), rows - removed);
  const auto keep = [&](auto& values) {
    const size_t width = values.size() / rows;
    auto to = values.begin();
    for (size_t row : kept) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(row * width);
      to = std::copy(from, from + static_cast<std::ptrdiff_t>(width), to);
    }
    values.erase(to, values.end());
  };
  keep(model.points);
  keep(model.quantized_points);
  keep(model.targets);
  keep(model.classes);
  model.rows = static_cast<int64_t>(kept.size());
  return absl::OkStatus();
}

}  // namespace tinyjoule
