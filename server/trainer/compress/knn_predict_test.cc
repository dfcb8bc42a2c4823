// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "common/base/random_source.h"

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

// Many points of many features against the definition in double, one distance at a time.
TEST(KnnPredictTest, AgreesWithTheDefinition) {
  constexpr size_t kPoints = 101;
  constexpr size_t kFeatures = 37;
  constexpr size_t kSamples = 19;
  SeededRandom random(3);
  const auto uniform = [&](size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(random() >> 40) / 16'777'216.0F;
    return values;
  };
  const std::vector<float> points = uniform(kPoints * kFeatures);
  const std::vector<float> targets = uniform(kPoints);
  const std::vector<float> samples = uniform(kSamples * kFeatures);
  const KnnModel model = *MakeKnnRegressor(4, KnnWeighting::kDistance,
                                           {{kPoints, kFeatures}, points}, {{kPoints}, targets});
  const std::vector<float> outputs = Predict(model, samples);
  for (size_t s = 0; s < kSamples; ++s) {
    std::vector<std::pair<double, float>> neighbours;
    for (size_t p = 0; p < kPoints; ++p) {
      double square = 0;
      for (size_t f = 0; f < kFeatures; ++f) {
        square += std::pow(static_cast<double>(samples[s * kFeatures + f]) -
                               static_cast<double>(points[p * kFeatures + f]),
                           2);
      }
      neighbours.emplace_back(std::sqrt(square), targets[p]);
    }
    std::sort(neighbours.begin(), neighbours.end());
    double sum = 0;
    double weights = 0;
    for (size_t i = 0; i < 4; ++i) {
      sum += neighbours[i].second / neighbours[i].first;
      weights += 1 / neighbours[i].first;
    }
    EXPECT_NEAR(outputs[s], sum / weights, 1e-5) << s;
  }
}

TEST(KnnPredictTest, ClassesAreSharesOfTheVotes) {
  const KnnModel model =
      *MakeKnnClassifier(3, KnnWeighting::kUniform, {{4, 1}, {0, 1, 3, 6}}, {1, 0, 1, 2}, 3);
  EXPECT_THAT(Predict(model, {0}),
              ElementsAre(FloatNear(1.0F / 3, 1e-6F), FloatNear(2.0F / 3, 1e-6F), 0));
}

}  // namespace
}  // namespace tinyjoule
