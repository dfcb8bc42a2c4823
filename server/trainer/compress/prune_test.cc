// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "server/trainer/compress/channel_removal.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"
#include "tests/support/graph_network.h"

namespace tinyjoule {
namespace {

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

ChannelGroup GroupMadeBy(size_t layer, const Network& network) {
  for (const ChannelGroup& group : RemovableGroups(network)) {
    if (group.makers.front() == layer) return group;
  }
  ADD_FAILURE() << "layer " << layer << " makes no removable channels";
  return {};
}

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

// w_i = scale x (((7919 i + 13) mod 3001) - 1500.3) / 3001: no two of equal magnitude. The figures
// of the tests with it come from the same formula in Python, sorted there.
void Fill(float scale, Layer& layer) {
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    const double place = static_cast<double>((7919 * i + 13) % 3001) - 1500.3;
    layer.weight[i] = static_cast<float>(place / 3001) * scale;
  }
}

// The figures are those of PyTorch 1.13 too: prune.global_unstructured with L1Unstructured on the
// same weights.
TEST(PruneTest, GlobalUnstructuredHasOneThreshold) {
  const std::map<double, std::vector<int64_t>> zeros_by_sparsity = {
      {0.1, {1, 59, 241, 2}}, {0.4, {5, 242, 961, 5}}, {0.9, {11, 384, 2318, 16}}};
  for (const auto& [sparsity, expected] : zeros_by_sparsity) {
    Network network = ReferenceCnn();
    const std::vector<size_t> layers = {0, 2, 5, 7};
    const std::vector<float> scales = {1.0F, 0.3F, 0.5F, 2.0F};
    for (size_t i = 0; i < layers.size(); ++i) Fill(scales[i], network.layers[layers[i]]);
    const Network before = network;
    v1::PruneStep step = Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_L1, sparsity);
    step.set_allocation(v1::PRUNE_ALLOCATION_GLOBAL);
    SeededRandom random(1);
    ASSERT_TRUE(PruneNetwork(step, {}, random, network).ok());
    for (size_t i = 0; i < layers.size(); ++i) {
      EXPECT_EQ(Zeros(network.layers[layers[i]].weight), expected[i]) << sparsity << " layer " << i;
      EXPECT_EQ(network.layers[layers[i]].bias, before.layers[layers[i]].bias);
    }
  }
}

v1::PruneStep GlobalChannels(v1::PruneCriterion criterion, double sparsity) {
  v1::PruneStep step = Step(v1::PRUNE_SCOPE_STRUCTURED, criterion, sparsity);
  step.set_allocation(v1::PRUNE_ALLOCATION_GLOBAL);
  return step;
}

Network Perceptron(std::vector<uint32_t> hidden) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  for (uint32_t units : hidden) spec.add_hidden(units);
  return *BuildNetwork(spec, {1, 5}, 1);
}

// Linear 5-8-6-1, the second layer's weights ten times smaller: without the means in the division
// all of it but one unit would go first. Which units stay: the same formula in Python.
TEST(PruneTest, GlobalStructuredComparesNormsWithTheirLayersMean) {
  struct Case {
    v1::PruneCriterion criterion;
    double sparsity;
    std::vector<int64_t> first;
    std::vector<int64_t> second;
  };
  for (const Case& c : {Case{v1::PRUNE_CRITERION_L1, 0.3, {0, 1, 2, 6, 7}, {0, 1, 2, 3, 4}},
                        Case{v1::PRUNE_CRITERION_L1, 0.5, {0, 1, 2, 6, 7}, {1, 4}},
                        Case{v1::PRUNE_CRITERION_L2, 0.3, {0, 1, 2, 5, 6, 7}, {0, 1, 3, 4}},
                        Case{v1::PRUNE_CRITERION_L2, 0.5, {0, 2, 5, 7}, {0, 1, 4}},
                        // 13 of 14 cannot go: one of each layer stays.
                        Case{v1::PRUNE_CRITERION_L2, 0.9, {7}, {4}}}) {
    Network network = Perceptron({8, 6});
    Fill(1.0F, network.layers[0]);
    Fill(0.1F, network.layers[2]);
    const Network before = network;
    SeededRandom random(1);
    ASSERT_TRUE(PruneNetwork(GlobalChannels(c.criterion, c.sparsity), {}, random, network).ok());
    const auto rows = [&](size_t layer, const std::vector<int64_t>& units) {
      std::vector<float> kept;
      for (int64_t unit : units) kept.push_back(before.layers[layer].weight[5 * unit]);
      return kept;
    };
    const auto first_weights = [&](const Layer& layer) {
      std::vector<float> values;
      for (size_t i = 0; i < layer.weight.size(); i += layer.FanIn()) {
        values.push_back(layer.weight[i]);
      }
      return values;
    };
    EXPECT_EQ(first_weights(network.layers[0]), rows(0, c.first)) << c.sparsity;
    EXPECT_EQ(network.layers[2].out.channels, static_cast<int64_t>(c.second.size()));
    std::vector<float> seconds;
    for (int64_t unit : c.second) {
      seconds.push_back(before.layers[2].weight[8 * unit + c.first.front()]);
    }
    EXPECT_EQ(first_weights(network.layers[2]), seconds) << c.sparsity;
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
    MaskChannels({GroupMadeBy(i, masked), units}, masked);
  }
  std::vector<float> samples(100 * 5);
  for (float& value : samples) value = 4 * UniformFloat(random) - 2;
  const std::vector<float> expected = Predict(masked, samples);
  const std::vector<float> actual = Predict(pruned, samples);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-6);
}

// Kept channels by the rule: of 64 and 32 units half stay, rounded up to a multiple, never above
// what the layer has.
TEST(PruneTest, RoundsKeptChannelsUp) {
  struct Case {
    uint32_t round_to;
    int64_t first;
    int64_t second;
  };
  for (const Case& c :
       {Case{1, 26, 13}, Case{4, 28, 16}, Case{8, 32, 16}, Case{48, 48, 32}, Case{100, 64, 32}}) {
    Network network = MakeNetwork(v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5});
    v1::PruneStep step = Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L1, 0.6);
    step.set_round_to(c.round_to);
    SeededRandom random(1);
    ASSERT_TRUE(PruneNetwork(step, {}, random, network).ok());
    EXPECT_EQ(network.layers[0].out.channels, c.first) << c.round_to;
    EXPECT_EQ(network.layers[2].out.channels, c.second) << c.round_to;
  }
}

// Those that rounding keeps are the best of those that would have gone.
TEST(PruneTest, RoundingKeepsTheBestOfTheRemoved) {
  Network rounded = MakeNetwork(v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5});
  Network fewer = rounded;
  v1::PruneStep step = Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L1, 0.5625);
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(step, {}, random, fewer).ok());
  step.set_sparsity(0.6);
  step.set_round_to(28);
  ASSERT_TRUE(PruneNetwork(step, {}, random, rounded).ok());
  EXPECT_EQ(rounded.layers[0].weight, fewer.layers[0].weight);
}

// A residual network loses the same channels wherever they meet: 4 and 6, and the inner 4 and 6 of
// the blocks; half of each.
TEST(PruneTest, StructuredGroupsOfAResidualNetwork) {
  Network network = ResidualNetwork(3, 7);
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L2, 0.5), {},
                           random, network)
                  .ok());
  // Weights 3x3 and biases: 3-2, 2-2, 2-2, 2-3, 3-3; shortcut 2-3; five normalisations of 2 or 3
  // channels, twice; linear 3-3.
  const int64_t convolutions = 9 * (6 + 4 + 4 + 6 + 9) + (2 + 2 + 2 + 3 + 3) + 6 + 3;
  EXPECT_EQ(network.ParameterCount(), convolutions + 2 * (2 + 2 + 2 + 3 + 3) + 9 + 3);
  EXPECT_EQ(network.MomentCount(), 2 * (2 + 2 + 2 + 3 + 3));
}

TEST(PruneTest, StructuredGroupsOfASeparableNetwork) {
  Network network = SeparableNetwork(7);
  SeededRandom random(1);
  ASSERT_TRUE(PruneNetwork(Step(v1::PRUNE_SCOPE_STRUCTURED, v1::PRUNE_CRITERION_L1, 0.5), {},
                           random, network)
                  .ok());
  // 1-4 3x3, depthwise 4, 4-4, depthwise 4, 4-3, linear 3-3.
  EXPECT_EQ(network.ParameterCount(),
            (36 + 4) + (36 + 4) + (16 + 4) + (36 + 4) + (12 + 3) + 2 * (4 * 4 + 3) + 9 + 3);
  for (const Layer& layer : network.layers) {
    if (layer.IsDepthwise()) {
      EXPECT_EQ(layer.groups, layer.in.channels);
    }
  }
}

// Zhu and Gupta (2017), equation 1 with n = 4 from 0 to 0.8: 0.8 x (1 - 27/64, 1 - 1/8, 1 - 1/64).
TEST(GradualScheduleTest, FollowsThePublishedPolynomial) {
  const auto stages = GradualSchedule(0.8, 4, 10);
  ASSERT_TRUE(stages.ok()) << stages.status();
  const std::vector<double> sparsities = {0.4625, 0.7, 0.7875, 0.8};
  const std::vector<uint32_t> epochs = {2, 3, 2, 3};
  ASSERT_EQ(stages->size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR((*stages)[i].sparsity, sparsities[i], 1e-12);
    EXPECT_EQ((*stages)[i].epochs, epochs[i]);
  }
  EXPECT_EQ(stages->back().sparsity, 0.8);
  EXPECT_FALSE(GradualSchedule(0.8, 4, 3).ok());
  EXPECT_FALSE(GradualSchedule(0.8, 0, 3).ok());
}

// Without training between, the steps of a schedule end at what one shot gives.
TEST(GradualScheduleTest, EndsWhereOneShotEnds) {
  for (const v1::PruneScope scope : {v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_SCOPE_STRUCTURED}) {
    for (const v1::PruneAllocation allocation :
         {v1::PRUNE_ALLOCATION_LAYER, v1::PRUNE_ALLOCATION_GLOBAL}) {
      v1::PruneStep step = Step(scope, v1::PRUNE_CRITERION_L1, 0.7);
      step.set_allocation(allocation);
      Network at_once = MakeNetwork(v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5});
      Network gradual = at_once;
      SeededRandom random(1);
      ASSERT_TRUE(PruneNetwork(step, {}, random, at_once).ok());
      const auto pruner = NetworkPruner::Create(step, gradual);
      ASSERT_TRUE(pruner.ok()) << pruner.status();
      const auto stages = GradualSchedule(0.7, 5, 5);
      for (const PruningStage& stage : *stages) {
        pruner->PruneTo(stage.sparsity, {}, random, gradual);
      }
      if (scope == v1::PRUNE_SCOPE_UNSTRUCTURED) {
        EXPECT_EQ(FlatParameters(gradual), FlatParameters(at_once));
      } else {
        // Which ones may differ: a unit's norm falls with the inputs that it has lost.
        EXPECT_EQ(gradual.layers[0].out.channels + gradual.layers[2].out.channels,
                  64 + 32 - std::llround(0.7 * (64 + 32)));
      }
    }
  }
}

// What was removed at random stays removed.
TEST(GradualScheduleTest, RandomZerosStay) {
  const v1::PruneStep step = Step(v1::PRUNE_SCOPE_UNSTRUCTURED, v1::PRUNE_CRITERION_RANDOM, 0.75);
  Network network = MakeNetwork(v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5});
  const auto pruner = NetworkPruner::Create(step, network);
  SeededRandom random(1);
  pruner->PruneTo(0.5, {}, random, network);
  const std::vector<float> half = network.layers[0].weight;
  pruner->PruneTo(0.75, {}, random, network);
  for (size_t i = 0; i < half.size(); ++i) {
    if (half[i] == 0.0F) {
      EXPECT_EQ(network.layers[0].weight[i], 0.0F) << i;
    }
  }
  EXPECT_EQ(Zeros(network.layers[0].weight), 240);
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

}  // namespace
}  // namespace tinyjoule
