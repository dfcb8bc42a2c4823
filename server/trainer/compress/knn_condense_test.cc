// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_condense.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/random_source.h"
#include "server/trainer/compress/knn_predict.h"
#include "server/trainer/compress/prune_knn.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;

double Uniform(RandomSource& random) { return static_cast<double>(random() >> 40) / (1 << 24); }

// A noisy wave over the plane.
KnnModel Wave(size_t rows, int64_t k, KnnWeighting weights) {
  SeededRandom random(rows);
  std::vector<float> points;
  std::vector<float> targets;
  for (size_t i = 0; i < rows; ++i) {
    const double x = Uniform(random);
    const double y = Uniform(random);
    points.insert(points.end(), {static_cast<float>(x), static_cast<float>(y)});
    targets.push_back(static_cast<float>(std::sin(7 * x) + y + 0.2 * Uniform(random)));
  }
  const int64_t count = static_cast<int64_t>(rows);
  return *MakeKnnRegressor(k, weights, {{count, 2}, std::move(points)},
                           {{count}, std::move(targets)});
}

// The definition, everything computed anew for each candidate: what is stored votes for all.
double ErrorWith(const KnnModel& model, const std::vector<bool>& stored) {
  double error = 0;
  for (size_t asker = 0; asker < stored.size(); ++asker) {
    std::vector<std::pair<double, size_t>> others;
    for (size_t row = 0; row < stored.size(); ++row) {
      if (!stored[row] || row == asker) continue;
      const double dx = model.points[2 * row] - model.points[2 * asker];
      const double dy = model.points[2 * row + 1] - model.points[2 * asker + 1];
      others.emplace_back(std::sqrt(dx * dx + dy * dy), row);
    }
    std::sort(others.begin(), others.end());
    others.resize(std::min(others.size(), static_cast<size_t>(model.k)));
    double sum = 0;
    double weights = 0;
    for (const auto& [distance, row] : others) {
      const double weight = model.weights == KnnWeighting::kDistance ? 1 / distance : 1;
      sum += weight * model.targets[row];
      weights += weight;
    }
    error += std::pow(sum / weights - model.targets[asker], 2);
  }
  return error;
}

std::vector<size_t> GreedyByDefinition(const KnnModel& model, size_t count) {
  std::vector<bool> stored(static_cast<size_t>(model.rows), true);
  std::vector<size_t> removed;
  while (removed.size() < count) {
    double least = std::numeric_limits<double>::infinity();
    size_t best = 0;
    for (size_t row = 0; row < stored.size(); ++row) {
      if (!stored[row]) continue;
      stored[row] = false;
      const double error = ErrorWith(model, stored);
      stored[row] = true;
      if (error < least) {
        least = error;
        best = row;
      }
    }
    stored[best] = false;
    removed.push_back(best);
  }
  return removed;
}

TEST(CondensedRowsTest, FollowTheDefinition) {
  for (const KnnWeighting weights : {KnnWeighting::kUniform, KnnWeighting::kDistance}) {
    const KnnModel model = Wave(60, 3, weights);
    EXPECT_EQ(CondensedRows(model, 55), GreedyByDefinition(model, 55));
  }
}

// On a line, k = 1: two runs of three of a class, and a stranger in the middle of the first. Lost,
// it misleads no one; then the points inside the runs, which their neighbours stand in for.
TEST(CondensedRowsTest, StrangerGoesFirst) {
  const KnnModel model = *MakeKnnClassifier(
      1, KnnWeighting::kUniform, {{7, 1}, {0, 1, 1.4F, 2, 10, 11, 12}}, {0, 0, 1, 0, 1, 1, 1}, 2);
  EXPECT_EQ(CondensedRows(model, 1), std::vector<size_t>{2});
}

double HeldBackError(const KnnModel& model, const KnnModel& held_back) {
  const std::vector<float> outputs = Predict(model, held_back.points);
  double sum = 0;
  for (size_t i = 0; i < outputs.size(); ++i) sum += std::pow(outputs[i] - held_back.targets[i], 2);
  return std::sqrt(sum / static_cast<double>(outputs.size()));
}

TEST(PruneKnnByErrorTest, IsBetterThanAtRandomOnPointsNeverSeen) {
  const KnnModel whole = Wave(1000, 3, KnnWeighting::kDistance);
  const KnnModel held_back = Wave(999, 3, KnnWeighting::kDistance);
  v1::PruneStep step;
  step.set_scope(v1::PRUNE_SCOPE_UNSTRUCTURED);
  step.set_sparsity(0.8);
  const auto prune = [&](v1::PruneCriterion criterion) {
    SeededRandom random(5);
    KnnModel model = whole;
    step.set_criterion(criterion);
    EXPECT_TRUE(PruneKnn(step, random, model).ok());
    EXPECT_EQ(model.rows, 200);
    EXPECT_EQ(model.points.size(), 400U);
    EXPECT_EQ(model.targets.size(), 200U);
    return HeldBackError(model, held_back);
  };
  const double at_random = prune(v1::PRUNE_CRITERION_RANDOM);
  const double by_error = prune(v1::PRUNE_CRITERION_ERROR);
  EXPECT_LT(by_error, 0.9 * at_random);
  EXPECT_LT(by_error, 1.25 * HeldBackError(whole, held_back));
}

}  // namespace
}  // namespace tinyjoule
