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

v1::ModelSpec Of(v1::ModelType type) {
  v1::ModelSpec spec;
  spec.set_type(type);
  return spec;
}

struct Published {
  v1::ModelType type;
  std::vector<int64_t> data_shape;
  int64_t outputs;
  // As Keras' summary counts them: running moments included.
  int64_t parameters;
  int64_t moments;
};

class MlPerfTinyTest : public testing::TestWithParam<Published> {};

// MLPerf Tiny v1.0, github.com/mlcommons/tiny (benchmark/training, the models' summaries). By
// layer, w x h x in x out + out for a convolution and 4 x channels for a normalisation, half of
// which are moments:
//   ResNet-8   448 + 4,640 + (4,640 + 9,248 + 544) + (18,496 + 36,928 + 2,112) + 650, 960 of norms
//   DS-CNN     2,624 + 4 x (640 + 4,160) + 780, 9 x 256 of norms
//   MobileNet  224 + depthwise 10 c + pointwise (c + 1) d from c = 8 to d = 256, + 514, norms
//   auto-enc.  82,048 + 6 x 16,512 + 1,032 + 1,152 + 82,560, (8 x 128 + 8) x 4 of norms
TEST_P(MlPerfTinyTest, HasThePublishedParameters) {
  const auto network = BuildNetwork(Of(GetParam().type), GetParam().data_shape, GetParam().outputs);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->ParameterCount() + network->MomentCount(), GetParam().parameters);
  EXPECT_EQ(network->MomentCount(), GetParam().moments);
  EXPECT_EQ(network->OutputCount(), GetParam().outputs);
}

INSTANTIATE_TEST_SUITE_P(
    MlPerfTiny, MlPerfTinyTest,
    testing::Values(Published{v1::MODEL_TYPE_RESNET8, {3, 32, 32}, 10, 78'666, 480},
                    Published{v1::MODEL_TYPE_DS_CNN, {1, 49, 10}, 12, 24'908, 1'152},
                    Published{v1::MODEL_TYPE_MOBILENET_V1, {3, 96, 96}, 2, 221'794, 5'472},
                    Published{v1::MODEL_TYPE_AUTOENCODER, {1, 640}, 640, 269'992, 2'064}));

TEST(BuildNetworkTest, StridesRoundUpAndOddPaddingIsBehind) {
  const Network network = *BuildNetwork(Of(v1::MODEL_TYPE_DS_CNN), {1, 49, 10}, 12);
  const Layer& first = network.layers[0];
  EXPECT_EQ(first.out, (FeatureMap{64, 25, 5}));
  // Keras: (25 - 1) x 2 + 10 - 49 = 9 rows, (5 - 1) x 2 + 4 - 10 = 2 columns.
  EXPECT_EQ(first.PadTop(), 4);
  EXPECT_EQ(first.PadBottom(), 5);
  EXPECT_EQ(first.PadLeft(), 1);
  EXPECT_EQ(first.PadRight(), 1);
  EXPECT_EQ(network.layers[3].groups, 64);
}

TEST(BuildNetworkTest, ResidualsJoinWhatTheBlockReads) {
  const Network network = *BuildNetwork(Of(v1::MODEL_TYPE_RESNET8), {3, 32, 32}, 10);
  std::vector<std::pair<std::string, std::string>> joins;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.kind != LayerKind::kAdd) continue;
    const Layer& one = network.layers[i - static_cast<size_t>(layer.reads_back)];
    const Layer& other = network.layers[i - static_cast<size_t>(layer.adds_back)];
    EXPECT_EQ(one.out, layer.in);
    EXPECT_EQ(other.out, layer.in);
    joins.emplace_back(one.name, other.name);
  }
  // The first block adds the rectified norm1 (a ReLU has no name).
  EXPECT_THAT(joins, ElementsAre(std::make_pair("norm3", ""), std::make_pair("conv6", "norm5"),
                                 std::make_pair("conv9", "norm7")));
}

TEST(BuildNetworkTest, MlPerfTinyTakesOtherPictures) {
  for (const v1::ModelType type : {v1::MODEL_TYPE_RESNET8, v1::MODEL_TYPE_DS_CNN,
                                   v1::MODEL_TYPE_MOBILENET_V1, v1::MODEL_TYPE_AUTOENCODER}) {
    const auto network = BuildNetwork(Of(type), {1, 28, 28}, 10);
    ASSERT_TRUE(network.ok()) << network.status();
    EXPECT_THAT(network->sample_shape, ElementsAre(1, 28, 28));
    EXPECT_EQ(network->OutputCount(), type == v1::MODEL_TYPE_AUTOENCODER ? 784 : 10);
    const auto rows = BuildNetwork(Of(type), {1, 5}, 1);
    EXPECT_EQ(rows.ok(), type == v1::MODEL_TYPE_AUTOENCODER);
    if (!rows.ok()) {
      EXPECT_THAT(std::string(rows.status().message()), HasSubstr("reads pictures"));
    }
  }
}

TEST(BuildNetworkTest, WidthScalesMobileNet) {
  v1::ModelSpec spec = Of(v1::MODEL_TYPE_MOBILENET_V1);
  spec.set_width(1);
  const Network full = *BuildNetwork(spec, {3, 96, 96}, 1000);
  EXPECT_EQ(full.layers[0].out.channels, 32);
  EXPECT_EQ(full.layers[full.layers.size() - 3].out.channels, 1024);
  spec.set_width(1.5);
  EXPECT_THAT(std::string(BuildNetwork(spec, {3, 96, 96}, 2).status().message()),
              HasSubstr("models.width: 1.5"));
}

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

// He et al. 2015: variance 2 / fan-in, which a uniform in +-sqrt(6 / fan-in) has.
TEST(InitializeParametersTest, NormalizedNetworksStartAsHe) {
  Network network = *BuildNetwork(Of(v1::MODEL_TYPE_RESNET8), {3, 32, 32}, 10);
  SeededRandom random(1);
  InitializeParameters(random, network);
  double squares = 0;
  for (const float value : network.layers[3].weight) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(squares / static_cast<double>(network.layers[3].weight.size()), 2.0 / 144, 1e-3);
  for (const float value : network.layers[3].bias) EXPECT_EQ(value, 0.0F);
  const Layer& norm = network.layers[1];
  for (size_t c = 0; c < 16; ++c) {
    EXPECT_EQ(norm.weight[c], 1.0F);
    EXPECT_EQ(norm.variance[c], 1.0F);
    EXPECT_EQ(norm.mean[c], 0.0F);
  }
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
