// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/channel_removal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <utility>

#include "common/base/random_source.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

using ::testing::FloatEq;

// A layer that loses channels, and what reads it.
struct Removal {
  const char* name;
  v1::ModelType type;
  v1::Pooling pooling;
  std::vector<int64_t> data_shape;
  uint32_t kernel;
  // Which of the network's layers loses channels.
  size_t layer;
};

Network MakeNetwork(const Removal& removal) {
  v1::ModelSpec spec;
  spec.set_type(removal.type);
  spec.set_pooling(removal.pooling);
  spec.set_kernel(removal.kernel);
  Network network = *BuildNetwork(spec, removal.data_shape, 2);
  SeededRandom random(5);
  InitializeParameters(random, network);
  // What a ReLU would make 0 would leave nothing to test.
  for (float& bias : network.layers[removal.layer].bias) bias = std::abs(bias);
  return network;
}

// Two of three channels.
std::vector<int64_t> Kept(const Network& network, size_t layer) {
  std::vector<int64_t> kept;
  for (int64_t channel = 0; channel < network.layers[layer].out.channels; ++channel) {
    if (channel % 3 != 1) kept.push_back(channel);
  }
  return kept;
}

// The removal of all channels but `kept` of the group that layers[layer] makes.
ChannelRemoval RemovalOf(const Network& network, size_t layer, std::vector<int64_t> kept) {
  for (const ChannelGroup& group : RemovableGroups(network)) {
    if (group.makers.front() == layer) return {group, std::move(kept)};
  }
  ADD_FAILURE() << "layer " << layer << " makes no removable channels";
  return {};
}

std::vector<float> Samples(const Network& network, uint64_t seed) {
  SeededRandom random(seed);
  std::vector<float> samples(static_cast<size_t>(200 * network.SampleSize()));
  for (float& value : samples) value = 4 * UniformFloat(random) - 2;
  return samples;
}

double RootMeanSquare(const std::vector<float>& a, const std::vector<float>& b) {
  const double sum = std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                                        [](double x, double y) { return (x - y) * (x - y); });
  return std::sqrt(sum / static_cast<double>(a.size()));
}

std::string NameOf(const testing::TestParamInfo<Removal>& info) { return info.param.name; }

class ExactRemovalTest : public testing::TestWithParam<Removal> {};

TEST_P(ExactRemovalTest, ShrunkNetworkEqualsTheMaskedOne) {
  Network masked = MakeNetwork(GetParam());
  Network shrunk = masked;
  const ChannelRemoval removal =
      RemovalOf(masked, GetParam().layer, Kept(masked, GetParam().layer));
  const Network whole = masked;
  MaskChannels(removal, masked);
  RemoveChannels({removal}, Samples(masked, 3), shrunk);
  EXPECT_LT(shrunk.ParameterCount(), whole.ParameterCount());
  const std::vector<float> samples = Samples(masked, 2);
  const std::vector<float> expected = Predict(masked, samples);
  const std::vector<float> actual = Predict(shrunk, samples);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5);
  EXPECT_GT(RootMeanSquare(Predict(whole, samples), expected), 1e-3);
}

constexpr v1::ModelType kCnn = v1::MODEL_TYPE_TINYCNN;
constexpr v1::ModelType kMlp = v1::MODEL_TYPE_TINYMLP;
constexpr v1::Pooling kAverage = v1::POOLING_GLOBAL_AVERAGE;

INSTANTIATE_TEST_SUITE_P(
    Readers, ExactRemovalTest,
    testing::Values(Removal{"UnitBeforeUnit", kMlp, v1::POOLING_NONE, {1, 5}, 3, 0},
                    Removal{"UnitBeforeOutput", kMlp, v1::POOLING_NONE, {1, 5}, 3, 2},
                    Removal{"ChannelBeforeFlatten", kCnn, v1::POOLING_NONE, {1, 5}, 3, 2},
                    Removal{"ChannelBeforeAverage", kCnn, kAverage, {5, 7}, 3, 2},
                    Removal{"ChannelBeforePooling", kCnn, v1::POOLING_NONE, {1, 9, 8}, 3, 3},
                    Removal{"ChannelBeforeKernelOfOne", kCnn, v1::POOLING_NONE, {1, 5}, 1, 0}),
    NameOf);

class NearRemovalTest : public testing::TestWithParam<Removal> {};

// The borders of the next convolution cannot be exact. Zeros in the place of the constants are the
// measure of what the biases make good.
TEST_P(NearRemovalTest, ShrunkNetworkStaysNearTheMaskedOne) {
  Network masked = MakeNetwork(GetParam());
  Network shrunk = masked;
  const ChannelRemoval removal =
      RemovalOf(masked, GetParam().layer, Kept(masked, GetParam().layer));
  MaskChannels(removal, masked);
  Network dropped = masked;
  Layer& maker = dropped.layers[GetParam().layer];
  for (int64_t channel = 1; channel < maker.out.channels; channel += 3) {
    maker.bias[static_cast<size_t>(channel)] = 0.0F;
  }
  const std::vector<float> samples = Samples(masked, 2);
  RemoveChannels({removal}, samples, shrunk);
  EXPECT_LT(shrunk.ParameterCount(), masked.ParameterCount());
  const std::vector<float> expected = Predict(masked, samples);
  EXPECT_LT(RootMeanSquare(Predict(shrunk, samples), expected),
            0.75 * RootMeanSquare(Predict(dropped, samples), expected));
}

INSTANTIATE_TEST_SUITE_P(Readers, NearRemovalTest,
                         testing::Values(Removal{"Signal", kCnn, v1::POOLING_NONE, {1, 5}, 5, 0},
                                         Removal{"Window", kCnn, kAverage, {5, 7}, 3, 0},
                                         Removal{"Image", kCnn, v1::POOLING_NONE, {1, 9, 8}, 3, 0}),
                         NameOf);

// Global average: the layer behind the second convolution is the output layer, so the mean of the
// network's own outputs is exact.
TEST(RemoveChannelsTest, MeanOutputIsThatOfTheMaskedNetwork) {
  Network masked = MakeNetwork({"", kCnn, kAverage, {5, 7}, 3, 0});
  Network shrunk = masked;
  const std::vector<float> samples = Samples(masked, 2);
  const ChannelRemoval removal = RemovalOf(masked, 0, {0, 2, 3});
  MaskChannels(removal, masked);
  RemoveChannels({removal}, samples, shrunk);
  const auto mean = [&](const Network& network) {
    const std::vector<float> outputs = Predict(network, samples);
    return std::accumulate(outputs.begin(), outputs.end(), 0.0) /
           static_cast<double>(outputs.size());
  };
  EXPECT_NEAR(mean(shrunk), mean(masked), 1e-6);
}

// The removed channel is 2 everywhere. At the four positions of the next convolution its weights
// 1, 10 and 100 add 110, 111, 111 and 11 times 2: 171.5 on average.
TEST(RemoveChannelsTest, BiasTakesTheMeanOverPositions) {
  Network network;
  network.sample_shape = {1, 4};
  Layer maker;
  maker.kind = LayerKind::kConv;
  maker.in = {1, 1, 4};
  maker.out = {2, 1, 4};
  maker.weight = {3, 4};
  maker.bias = {2, -1};
  Layer reader = maker;
  reader.in = maker.out;
  reader.out = {1, 1, 4};
  reader.kernel_width = 3;
  reader.weight = {1, 10, 100, 5, 6, 7};
  reader.bias = {0.5F};
  network.layers = {maker, reader};
  RemoveChannels({RemovalOf(network, 0, {1})}, {}, network);
  EXPECT_THAT(network.layers[1].bias, testing::ElementsAre(FloatEq(172.0F)));
  EXPECT_THAT(network.layers[1].weight, testing::ElementsAre(5, 6, 7));
  EXPECT_THAT(network.layers[0].weight, testing::ElementsAre(4));
  EXPECT_THAT(network.layers[0].bias, testing::ElementsAre(-1));
}

// A negative bias behind a ReLU is 0, without one it is itself.
TEST(RemoveChannelsTest, ConstantIsWhatTheActivationLeaves) {
  for (const bool rectified : {true, false}) {
    Network network = MakeNetwork({"", kMlp, v1::POOLING_NONE, {1, 5}, 3, 0});
    if (!rectified) network.layers.erase(network.layers.begin() + 1);
    const size_t reader = rectified ? 2 : 1;
    network.layers[0].bias[1] = -3.0F;
    const Layer before = network.layers[reader];
    std::vector<int64_t> kept(64);
    std::iota(kept.begin(), kept.end(), int64_t{0});
    kept.erase(kept.begin() + 1);
    RemoveChannels({RemovalOf(network, 0, kept)}, {}, network);
    const float expected = rectified ? before.bias[0] : before.bias[0] - 3 * before.weight[1];
    EXPECT_FLOAT_EQ(network.layers[reader].bias[0], expected);
  }
}

}  // namespace
}  // namespace tinyjoule
