// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune_knn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

v1::PruneStep Step(v1::PruneCriterion criterion, double sparsity) {
  v1::PruneStep step;
  step.set_scope(v1::PRUNE_SCOPE_UNSTRUCTURED);
  step.set_criterion(criterion);
  step.set_sparsity(sparsity);
  return step;
}

TEST(PruneKnnTest, RemovesWholePointsAndKeepsTheirTargets) {
  std::vector<float> points;
  std::vector<float> targets;
  for (int i = 0; i < 10; ++i) {
    points.insert(points.end(), {static_cast<float>(i), static_cast<float>(-i)});
    targets.push_back(static_cast<float>(100 * i));
  }
  KnnModel model = *MakeKnnRegressor(3, KnnWeighting::kUniform, {{10, 2}, points}, {{10}, targets});
  SeededRandom random(4);
  ASSERT_TRUE(PruneKnn(Step(v1::PRUNE_CRITERION_RANDOM, 0.6), random, model).ok());
  EXPECT_EQ(model.rows, 4);
  ASSERT_EQ(model.points.size(), 8U);
  ASSERT_EQ(model.targets.size(), 4U);
  for (size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(model.targets[row], 100 * model.points[2 * row]);
    EXPECT_TRUE(row == 0 || model.targets[row] > model.targets[row - 1]);
  }
  EXPECT_THAT(std::string(PruneKnn(Step(v1::PRUNE_CRITERION_RANDOM, 0.5), random, model).message()),
              HasSubstr("fewer than k = 3"));
  EXPECT_FALSE(PruneKnn(Step(v1::PRUNE_CRITERION_L1, 0.1), random, model).ok());
}

}  // namespace
}  // namespace tinyjoule
