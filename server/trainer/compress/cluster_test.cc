// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "server/trainer/compress/prune.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

class ClusterTest : public testing::Test {
 protected:
  ClusterTest() {
    v1::ModelSpec spec;
    spec.set_type(v1::MODEL_TYPE_TINYCNN);
    network_ = *BuildNetwork(spec, {1, 5}, 1);
    InitializeParameters(random_, network_);
    for (size_t i = 0; i < 64; ++i) {
      for (int f = 0; f < 5; ++f) inputs_.push_back(2 * UniformFloat(random_) - 1);
      targets_.push_back(inputs_[5 * i] - inputs_[5 * i + 3]);
    }
    order_.resize(64);
    std::iota(order_.begin(), order_.end(), 0U);
    options_.batch_size = 64;
  }

  absl::Status Cluster(uint32_t centroids) {
    v1::ClusterStep step;
    step.set_centroids(centroids);
    return ClusterWeights(step, random_, network_);
  }

  static size_t DistinctCount(const Layer& layer) {
    return std::set<float>(layer.weight.begin(), layer.weight.end()).size();
  }

  SeededRandom random_{11};
  Network network_;
  std::vector<float> inputs_;
  std::vector<float> targets_;
  std::vector<uint32_t> order_;
  EngineOptions options_;
};

TEST_F(ClusterTest, LayersHaveSoManyValuesNearTheirWeights) {
  const Network before = network_;
  ASSERT_TRUE(Cluster(16).ok());
  for (size_t i = 0; i < network_.layers.size(); ++i) {
    const Layer& layer = network_.layers[i];
    if (!layer.HasParameters()) continue;
    EXPECT_EQ(DistinctCount(layer), 16U) << layer.name;
    EXPECT_EQ(layer.bias, before.layers[i].bias);
    const std::vector<float> codebook = CodebookOf(layer);
    ASSERT_EQ(codebook.size(), 16U);
    EXPECT_TRUE(std::is_sorted(codebook.begin(), codebook.end()));
    // Each weight went to the nearest value, and each value is the mean of its weights.
    std::vector<double> sums(16), counts(16);
    for (size_t w = 0; w < layer.weight.size(); ++w) {
      const float old = before.layers[i].weight[w];
      const float moved = std::abs(layer.weight[w] - old);
      for (float value : codebook) EXPECT_LE(moved, std::abs(value - old) + 1e-7F);
      sums[layer.clusters[w]] += old;
      counts[layer.clusters[w]] += 1;
    }
    for (size_t c = 0; c < 16; ++c) EXPECT_NEAR(codebook[c], sums[c] / counts[c], 1e-6);
  }
}

TEST_F(ClusterTest, FewDifferentWeightsStayAsTheyAre) {
  const Network before = network_;
  ASSERT_TRUE(Cluster(32).ok());
  // The first convolution has 24 weights, the output layer 32.
  EXPECT_EQ(network_.layers.front().weight, before.layers.front().weight);
  EXPECT_EQ(network_.layers.back().weight, before.layers.back().weight);
  EXPECT_FALSE(network_.layers.front().clusters.empty());
}

TEST_F(ClusterTest, ZerosStayZerosThroughTraining) {
  v1::PruneStep prune;
  prune.set_scope(v1::PRUNE_SCOPE_UNSTRUCTURED);
  prune.set_criterion(v1::PRUNE_CRITERION_L1);
  prune.set_sparsity(0.5);
  ASSERT_TRUE(PruneNetwork(prune, inputs_, random_, network_).ok());
  const std::vector<size_t> zeros = ZeroWeights(network_);
  ASSERT_GT(zeros.size(), 1000U);
  ASSERT_TRUE(Cluster(8).ok());
  EXPECT_EQ(ZeroWeights(network_), zeros);
  for (const Layer& layer : network_.layers) {
    if (!layer.HasParameters()) continue;
    EXPECT_EQ(DistinctCount(layer), 8U) << "0 and seven others";
  }
  options_.keep_zeros = true;
  NativeEngine engine(network_, {inputs_, targets_, {}}, options_);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(engine.Step(order_).ok());
  SetFlatParameters(*engine.Parameters(), network_);
  EXPECT_EQ(ZeroWeights(network_), zeros);
  for (const Layer& layer : network_.layers) {
    if (!layer.HasParameters()) continue;
    EXPECT_EQ(DistinctCount(layer), 8U);
  }
}

// One step of plain descent moves a value by the sum of the gradients of its weights, which the
// same network without clusters has one by one.
TEST_F(ClusterTest, ValueMovesByTheSumOfItsGradients) {
  ASSERT_TRUE(Cluster(4).ok());
  options_.optimizer = v1::OPTIMIZER_SGD;
  options_.learning_rate = 0.01;
  Network loose = network_;
  for (Layer& layer : loose.layers) layer.clusters.clear();
  NativeEngine apart(loose, {inputs_, targets_, {}}, options_);
  NativeEngine together(network_, {inputs_, targets_, {}}, options_);
  ASSERT_TRUE(apart.Step(order_).ok());
  ASSERT_TRUE(together.Step(order_).ok());
  Network trained = network_;
  SetFlatParameters(*together.Parameters(), trained);
  size_t start = 0;
  for (size_t i = 0; i < network_.layers.size(); ++i) {
    const Layer& layer = network_.layers[i];
    std::vector<double> sums(4);
    for (size_t w = 0; w < layer.weight.size(); ++w) {
      sums[layer.clusters[w]] += apart.gradients()[start + w];
    }
    for (size_t w = 0; w < layer.weight.size(); ++w) {
      const float moved = trained.layers[i].weight[w] - layer.weight[w];
      EXPECT_NEAR(moved, -0.01 * sums[layer.clusters[w]], 1e-5) << layer.name;
    }
    start += layer.weight.size() + layer.bias.size();
  }
}

TEST_F(ClusterTest, AdamLearnsWithoutTearingClustersApart) {
  ASSERT_TRUE(Cluster(16).ok());
  options_.learning_rate = 0.01;
  NativeEngine engine(network_, {inputs_, targets_, {}}, options_);
  const double before = *engine.MeanLoss(0, 64);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(engine.Step(order_).ok());
  EXPECT_LT(*engine.MeanLoss(0, 64), 0.2 * before);
  SetFlatParameters(*engine.Parameters(), network_);
  for (const Layer& layer : network_.layers) {
    if (!layer.HasParameters()) continue;
    EXPECT_EQ(DistinctCount(layer), 16U) << layer.name;
  }
}

TEST_F(ClusterTest, SenselessStepsAreRefused) {
  EXPECT_EQ(Cluster(1).message(), "centroids: 1 is not in [2, 256]");
  EXPECT_EQ(Cluster(257).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(Cluster(256).ok());
  EXPECT_EQ(Cluster(16).message(), "the weights are clustered already");
}

}  // namespace
}  // namespace tinyjoule
