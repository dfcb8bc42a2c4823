// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune_scores.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace tinyjoule {

size_t CountToPrune(double sparsity, size_t size) {
  return static_cast<size_t>(std::nearbyint(sparsity * static_cast<double>(size)));
}

std::vector<size_t> LowestScores(const std::vector<double>& scores, size_t count) {
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

absl::Status CheckPruneSparsity(const v1::PruneStep& step) {
  if (step.has_sparsity() && step.sparsity() >= 0 && step.sparsity() < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("prune.sparsity: ", step.sparsity(), " is not in [0, 1)"));
}

}  // namespace tinyjoule
