// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "server/trainer/compress/channel_removal.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::PruneStep Step(v1::PruneScope scope, v1::PruneCriterion criterion, double sparsity) {
  v1::PruneStep step;
  step.set_scope(scope);
  step.set_criterion(criterion);
  step.set_sparsity(sparsity);
  return step;
}

Network MakeNetwork(v1::ModelType type, v1::Pooling pooling, std::vector<int64_t> data_shape) {
  v1::ModelSpec spec;
  spec.set_type(type);
  spec.set_pooling(pooling);
  if (pooling == v1::POOLING_GLOBAL_AVERAGE) spec.add_dense(6);
  Network network = *BuildNetwork(spec, data_shape, 2);
  SeededRandom random(5);
  InitializeParameters(random, network);
  return network;
}

Network ReferenceCnn() { return MakeNetwork(v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 5}); }

int64_t Zeros(const std::vector<float>& values) {
  return std::count(values.begin(), values.end(), 0.0F);
}

TEST(PruneTest, UnstructuredZeroesExactlyTheSmallestOfEachLayer) {
  Network network = ReferenceCnn();
  const Network before = network;
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_L1, 0.4), {},
                           random, network)
                  .ok());
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const int64_t count = static_cast<int64_t>(layer.weight.size());
    EXPECT_EQ(Zeros(layer.weight), std::llround(0.4 * static_cast<double>(count))) << layer.name;
    EXPECT_EQ(layer.bias, before.layers[i].bias);
    float largest_pruned = 0;
    float smallest_kept = INFINITY;
    for (size_t w = 0; w < layer.weight.size(); ++w) {
      const float size = std::abs(before.layers[i].weight[w]);
      if (layer.weight[w] == 0.0F) {
        largest_pruned = std::max(largest_pruned, size);
      } else {
        smallest_kept = std::min(smallest_kept, size);
      }
    }
    EXPECT_LE(largest_pruned, smallest_kept) << layer.name;
  }
}

TEST(PruneTest, RandomDependsOnTheSeedAlone) {
  const auto prune = [](uint64_t seed) {
    Network network = ReferenceCnn();
    SeededRandom random(seed);
    EXPECT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_RANDOM, 0.4),
                             {}, random, network)
                    .ok());
    return FlatParameters(network);
  };
  EXPECT_EQ(prune(1), prune(1));
  EXPECT_NE(prune(1), prune(2));
}

// 3,057 parameters in the layout 1-8-16 (kernel 3), 80-32-2; half of every hidden layer goes:
// 4*3+4, 8*4*3+8, 16*40+16, 2*16+2.
TEST(PruneTest, StructuredShrinksEverythingDownstream) {
  Network network = ReferenceCnn();
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L2, 0.5), {},
                           random, network)
                  .ok());
  EXPECT_EQ(network.ParameterCount(), 16 + 104 + 656 + 34);
  EXPECT_EQ(network.OutputCount(), 2);
  for (size_t i = 1; i < network.layers.size(); ++i) {
    EXPECT_EQ(network.layers[i].in, network.layers[i - 1].out) << i;
  }
  EXPECT_EQ(Predict(network, std::vector<float>(10, 0.5F)).size(), 4U);
}

TEST(PruneTest, StructuredLeavesOneChannel) {
  Network network = ReferenceCnn();
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L1, 0.99), {},
                           random, network)
                  .ok());
  EXPECT_EQ(network.layers[0].out.channels, 1);
  EXPECT_EQ(network.layers[2].out.channels, 1);
}

// Equal to what PyTorch's ln_structured masks: each layer is scored with all its trained weights,
// and the kept weights stay as they were. A multilayer perceptron's outputs are those of the mask.
TEST(PruneTest, StructuredGivesTheOutputsOfTheMaskedPerceptron) {
  Network masked = MakeNetwork(v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5});
  Network pruned = masked;
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L1, 0.4), {},
                           random, pruned)
                  .ok());
  for (size_t i = 0; i < OutputLayer(masked); ++i) {
    Layer& layer = masked.layers[i];
    if (!layer.HasParameters()) continue;
    const auto norm = [&](int64_t unit) {
      const auto first = layer.weight.begin() + unit * layer.FanIn();
      return std::accumulate(first, first + layer.FanIn(), 0.0,
                             [](double sum, float weight) { return sum + std::abs(weight); });
    };
    std::vector<int64_t> units(layer.bias.size());
    std::iota(units.begin(), units.end(), int64_t{0});
    std::sort(units.begin(), units.end(), [&](int64_t a, int64_t b) { return norm(a) > norm(b); });
    units.resize(static_cast<size_t>(pruned.layers[i].out.channels));
    std::sort(units.begin(), units.end());
    MaskChannels(i, units, masked);
  }
  std::vector<float> samples(100 * 5);
  for (float& value : samples) value = 4 * UniformFloat(random) - 2;
  const std::vector<float> expected = Predict(masked, samples);
  const std::vector<float> actual = Predict(pruned, samples);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-6);
}

TEST(PruneTest, RefusesWhatCannotBe) {
  Network network = ReferenceCnn();
  SeededRandom random(1);
  const v1::PruneScope scope = v1::PRUNE_SCOPE_STRUCTURED;
  for (double sparsity : {-0.1, 1.0, std::nan("")}) {
    const absl::Status status =
        PruneNetwork(Step(scope, v1::PRUNE_CRITERION_L1, sparsity), {}, random, network);
    EXPECT_THAT(std::string(status.message()), HasSubstr("prune.sparsity")) << sparsity;
  }
  EXPECT_FALSE(
      PruneNetwork(Step(scope, v1::PRUNE_CRITERION_UNSPECIFIED, 0.5), {}, random, network).ok());
  EXPECT_FALSE(PruneNetwork(Step(v1::PRUNE_SCOPE_UNSPECIFIED, v1::PRUNE_CRITERION_L1, 0.5), {},
                            random, network)
                   .ok());
  EXPECT_EQ(network.ParameterCount(), ReferenceCnn().ParameterCount());
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
  ASSERT_TRUE(
      PruneKnn(Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_RANDOM, 0.6), random, model)
          .ok());
  EXPECT_EQ(model.rows, 4);
  ASSERT_EQ(model.points.size(), 8U);
  ASSERT_EQ(model.targets.size(), 4U);
  for (size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(model.targets[row], 100 * model.points[2 * row]);
    EXPECT_TRUE(row == 0 || model.targets[row] > model.targets[row - 1]);
  }
  EXPECT_THAT(
      std::string(PruneKnn(Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_RANDOM, 0.5),
                           random, model)
                      .message()),
      HasSubstr("fewer than k = 3"));
  EXPECT_FALSE(
      PruneKnn(Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_L1, 0.1), random, model)
          .ok());
}

}  // namespace
}  // namespace tinyjoule
