// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

// Points on a line at 0, 1, 3 and 6.
KnnModel Line(KnnWeighting weights, int64_t k) {
  return *MakeKnnRegressor(k, weights, {{4, 1}, {0, 1, 3, 6}}, {{4}, {10, 20, 40, 80}});
}

TEST(KnnPredictTest, UniformIsTheMeanOfTheNearest) {
  EXPECT_THAT(Predict(Line(KnnWeighting::kUniform, 2), {0.2F, 5}), ElementsAre(15, 60));
}

// From 2: distances 1, 1, 2, weights 1, 1, 1/2: (20 + 40 + 10 / 2) / 2.5.
TEST(KnnPredictTest, DistanceWeighsByItsInverse) {
  EXPECT_THAT(Predict(Line(KnnWeighting::kDistance, 3), {2}), ElementsAre(FloatNear(26.0F, 1e-5F)));
}

TEST(KnnPredictTest, PointItselfDecidesAlone) {
  EXPECT_THAT(Predict(Line(KnnWeighting::kDistance, 3), {3}), ElementsAre(40));
}

TEST(KnnPredictTest, LowerRowWinsAmongEquals) {
  EXPECT_THAT(Predict(Line(KnnWeighting::kUniform, 1), {2, 0.5F}), ElementsAre(20, 10));
}

TEST(KnnPredictTest, ClassesAreSharesOfTheVotes) {
  const KnnModel model =
      *MakeKnnClassifier(3, KnnWeighting::kUniform, {{4, 1}, {0, 1, 3, 6}}, {1, 0, 1, 2}, 3);
  EXPECT_THAT(Predict(model, {0}),
              ElementsAre(FloatNear(1.0F / 3, 1e-6F), FloatNear(2.0F / 3, 1e-6F), 0));
}

}  // namespace
}  // namespace tinyjoule
