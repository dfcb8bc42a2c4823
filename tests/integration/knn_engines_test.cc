// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The trainer's search (k-d tree or vector instructions) and the agent's engine (all points,
// feature by feature) find the same neighbours, ties included: on whole numbers, where every
// distance is exact, their outputs are equal bit for bit.
#include <gtest/gtest.h>

#include <vector>

#include "agent/runner/knn_engine.h"
#include "common/base/random_source.h"
#include "server/trainer/compress/knn_predict.h"

namespace tinyjoule {
namespace {

struct Points {
  const char* name;
  // Where the trainer takes a tree, and where it does not.
  int64_t features;
  // Few levels are many equal distances, and equal points.
  uint64_t levels;
  KnnWeighting weights;
};

class KnnEnginesTest : public testing::TestWithParam<Points> {};

TEST_P(KnnEnginesTest, AgreeOnEveryNeighbour) {
  constexpr int64_t kRows = 1500;
  constexpr size_t kSamples = 300;
  SeededRandom random(17);
  const auto whole_numbers = [&](size_t count, uint64_t levels) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(random() % levels);
    return values;
  };
  const size_t features = static_cast<size_t>(GetParam().features);
  const KnnModel model = *MakeKnnRegressor(
      4, GetParam().weights,
      {{kRows, GetParam().features}, whole_numbers(kRows * features, GetParam().levels)},
      {{kRows}, whole_numbers(kRows, 1000)});
  const std::vector<float> samples = whole_numbers(kSamples * features, GetParam().levels);
  const std::vector<float> expected = Predict(model, samples);
  KnnEngine engine(model);
  for (size_t i = 0; i < kSamples; ++i) {
    float output = 0;
    engine.Run(&samples[i * features], &output);
    if (GetParam().weights == KnnWeighting::kUniform) {
      EXPECT_EQ(output, expected[i]) << "sample " << i;
    } else {
      EXPECT_NEAR(output, expected[i], 1e-3) << "sample " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, KnnEnginesTest,
    testing::Values(Points{"FewFeaturesManyTies", 2, 12, KnnWeighting::kUniform},
                    Points{"FewFeatures", 5, 20, KnnWeighting::kUniform},
                    Points{"FewFeaturesByDistance", 3, 30, KnnWeighting::kDistance},
                    Points{"ManyFeatures", 40, 3, KnnWeighting::kUniform}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tinyjoule
