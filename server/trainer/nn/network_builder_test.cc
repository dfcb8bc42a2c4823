// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::ModelSpec Cnn(std::vector<uint32_t> conv, uint32_t kernel, std::vector<uint32_t> dense) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYCNN);
  spec.mutable_conv()->Add(conv.begin(), conv.end());
  spec.set_kernel(kernel);
  spec.mutable_dense()->Add(dense.begin(), dense.end());
  return spec;
}

v1::ModelSpec PooledCnn(std::vector<uint32_t> conv, uint32_t kernel) {
  v1::ModelSpec spec = Cnn(std::move(conv), kernel, {});
  spec.set_pooling(v1::POOLING_GLOBAL_AVERAGE);
  return spec;
}

v1::ModelSpec Mlp(std::vector<uint32_t> hidden) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.mutable_hidden()->Add(hidden.begin(), hidden.end());
  return spec;
}

struct Layout {
  v1::ModelSpec spec;
  std::vector<int64_t> data_shape;
  int64_t parameters;
};

class ParameterCountTest : public testing::TestWithParam<Layout> {};

// Counts as the reference study publishes them.
TEST_P(ParameterCountTest, IsThatOfTheReferenceStudy) {
  const auto network = BuildNetwork(GetParam().spec, GetParam().data_shape, 1);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->ParameterCount(), GetParam().parameters);
  EXPECT_EQ(network->OutputCount(), 1);
}

INSTANTIATE_TEST_SUITE_P(ReferenceStudy, ParameterCountTest,
                         testing::Values(Layout{Cnn({8, 16}, 3, {32}), {1, 5}, 3057},
                                         Layout{Cnn({4, 8}, 3, {16}), {1, 5}, 793},
                                         Layout{Cnn({8, 16}, 5, {64}), {1, 5}, 5953},
                                         Layout{Mlp({64, 32}), {1, 5}, 2497},
                                         Layout{PooledCnn({16, 16}, 5), {5, 7}, 1729},
                                         Layout{PooledCnn({8, 8}, 5), {5, 7}, 545},
                                         Layout{Mlp({8}), {5, 7}, 297},
                                         Layout{Mlp({4}), {5, 7}, 149}));

TEST(BuildNetworkTest, SpecWithoutNumbersIsTheReferenceLayout) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYCNN);
  EXPECT_EQ(BuildNetwork(spec, {1, 5}, 1)->ParameterCount(), 3057);
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  EXPECT_EQ(BuildNetwork(spec, {1, 5}, 1)->ParameterCount(), 2497);
}

TEST(BuildNetworkTest, ImageHasTwoDimensionalKernelsAndPooling) {
  const auto network = BuildNetwork(Cnn({8, 16}, 3, {32}), {1, 28, 28}, 10);
  ASSERT_TRUE(network.ok()) << network.status();
  // 8*9+8, 16*8*9+16, 16*7*7*32+32, 32*10+10.
  EXPECT_EQ(network->ParameterCount(), 80 + 1168 + 25120 + 330);
  EXPECT_THAT(network->sample_shape, ElementsAre(1, 28, 28));
}

TEST(BuildNetworkTest, SampleShapes) {
  EXPECT_THAT(BuildNetwork(Cnn({8}, 3, {}), {1, 5}, 1)->sample_shape, ElementsAre(1, 5));
  EXPECT_THAT(BuildNetwork(Cnn({8}, 3, {}), {5, 7}, 1)->sample_shape, ElementsAre(5, 7));
  EXPECT_THAT(BuildNetwork(Mlp({8}), {1, 5}, 1)->sample_shape, ElementsAre(5));
  EXPECT_THAT(BuildNetwork(Mlp({8}), {5, 7}, 1)->sample_shape, ElementsAre(5, 7));
}

TEST(BuildNetworkTest, RefusesWhatCannotBeBuilt) {
  EXPECT_THAT(std::string(BuildNetwork(Cnn({8}, 4, {}), {1, 5}, 1).status().message()),
              HasSubstr("models.kernel: 4"));
  EXPECT_THAT(std::string(BuildNetwork(Cnn({0}, 3, {}), {1, 5}, 1).status().message()),
              HasSubstr("models.conv: 0"));
  EXPECT_THAT(std::string(BuildNetwork(Cnn({1, 1, 1, 1}, 3, {}), {1, 8, 8}, 1).status().message()),
              HasSubstr("too many"));
  v1::ModelSpec knn;
  knn.set_type(v1::MODEL_TYPE_TINYKNN);
  EXPECT_EQ(BuildNetwork(knn, {1, 5}, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(BuildNetwork(Mlp({60000, 60000}), {1, 5}, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(InitializeParametersTest, StaysInPyTorchsBounds) {
  Network network = *BuildNetwork(Cnn({8, 16}, 5, {64}), {1, 5}, 1);
  SeededRandom random(1);
  InitializeParameters(random, network);
  const Layer& conv2 = network.layers[2];
  const float bound = 1.0F / std::sqrt(8.0F * 5.0F);
  float largest = 0;
  for (float value : conv2.weight) largest = std::max(largest, std::abs(value));
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.95F * bound);
}

}  // namespace
}  // namespace tinyjoule
