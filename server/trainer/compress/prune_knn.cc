// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune_knn.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/compress/knn_condense.h"
#include "server/trainer/compress/prune_scores.h"

namespace tinyjoule {
namespace {

// Ascending, without `removed` of the stored points.
std::vector<size_t> KeptPoints(const v1::PruneStep& step, RandomSource& random,
                               const KnnModel& model, size_t removed) {
  const size_t rows = static_cast<size_t>(model.rows);
  if (step.criterion() == v1::PRUNE_CRITERION_RANDOM) {
    return LowestScores(RandomScores(random, rows), rows - removed);
  }
  std::vector<double> scores(rows, 0);
  for (const size_t row : CondensedRows(model, removed)) scores[row] = 1;
  return LowestScores(scores, rows - removed);
}

}  // namespace

absl::Status PruneKnn(const v1::PruneStep& step, RandomSource& random, KnnModel& model) {
  TJ_RETURN_IF_ERROR(CheckPruneSparsity(step));
  if (step.criterion() != v1::PRUNE_CRITERION_RANDOM &&
      step.criterion() != v1::PRUNE_CRITERION_ERROR) {
    return absl::InvalidArgumentError(
        "prune.criterion: the stored points of a tinyknn are pruned by random or error");
  }
  const size_t rows = static_cast<size_t>(model.rows);
  const size_t removed = CountToPrune(step.sparsity(), rows);
  if (rows - removed < static_cast<size_t>(model.k)) {
    return absl::InvalidArgumentError(absl::StrCat("prune.sparsity: ", step.sparsity(), " leaves ",
                                                   rows - removed, " of ", rows,
                                                   " points, fewer than k = ", model.k));
  }
  const std::vector<size_t> kept = KeptPoints(step, random, model, removed);
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
