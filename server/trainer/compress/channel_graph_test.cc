// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Groups of channels, and their removal, in networks with joins, normalisation and depthwise
// convolutions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "common/base/random_source.h"
#include "server/trainer/compress/channel_groups.h"
#include "server/trainer/compress/channel_removal.h"
#include "server/trainer/nn/network_pass.h"
#include "tests/support/graph_network.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;

std::vector<std::vector<size_t>> MakersOf(const Network& network) {
  std::vector<std::vector<size_t>> makers;
  for (const ChannelGroup& group : RemovableGroups(network)) makers.push_back(group.makers);
  return makers;
}

TEST(ChannelGroupsTest, JoinsShareTheirChannels) {
  // Layers: stem 0-2; inner 3-5; convolution 6, norm 7, add 8, ReLU 9; strided 10-12; second 13,
  // norm 14; shortcut 15; add 16, ReLU 17; average, flatten, linear 20.
  const Network network = ResidualNetwork(3, 1);
  EXPECT_THAT(MakersOf(network),
              ElementsAre(ElementsAre(0, 6), ElementsAre(3), ElementsAre(10), ElementsAre(13, 15)));
  const std::vector<ChannelGroup> groups = RemovableGroups(network);
  EXPECT_THAT(groups[0].readers, ElementsAre(3, 10, 15));
  EXPECT_THAT(groups[0].layers, ElementsAre(0, 1, 2, 6, 7, 8, 9));
  EXPECT_THAT(groups[3].readers, ElementsAre(20));
}

TEST(ChannelGroupsTest, DepthwiseConvolutionsPassTheirChannelsOn) {
  // Layers: convolution 0-2; depthwise 3-5, pointwise 6-8; depthwise 9-11, pointwise 12-14.
  const Network network = SeparableNetwork(1);
  EXPECT_THAT(MakersOf(network),
              ElementsAre(ElementsAre(0, 3), ElementsAre(6, 9), ElementsAre(12)));
}

TEST(ChannelGroupsTest, InputAndOutputKeepTheirChannels) {
  GraphNetwork graph({4, 5, 5});
  const int sum = graph.Add(graph.Conv(-1, 4, 3, 1), -1);
  graph.Depthwise(sum, 3, 1);
  EXPECT_TRUE(RemovableGroups(graph.Build(1)).empty());
}

// Behind a Flatten a channel is four values, and the norm and the sum see each on its own.
TEST(ChannelGroupsTest, ValuesOfAFlattenedChannelStayTogether) {
  GraphNetwork graph({1, 2, 2});
  const int flat = graph.Flatten(graph.Conv(-1, 3, 3, 1));
  graph.Linear(graph.Add(graph.Linear(-1, 12), graph.BatchNorm(flat)), 1);
  EXPECT_TRUE(RemovableGroups(graph.Build(1)).empty());
}

// Of each group the channels 0, 2, 3, 5, ... or so.
std::vector<ChannelRemoval> RemovalsOf(const Network& network) {
  std::vector<ChannelRemoval> removals;
  for (const ChannelGroup& group : RemovableGroups(network)) {
    std::vector<int64_t> kept;
    for (int64_t channel = 0; channel < group.Channels(network); ++channel) {
      if (channel % 3 != 1) kept.push_back(channel);
    }
    removals.push_back({group, kept});
  }
  return removals;
}

Network Masked(Network network) {
  for (const ChannelRemoval& removal : RemovalsOf(network)) MaskChannels(removal, network);
  return network;
}

std::vector<float> Samples(const Network& network, size_t count, uint64_t seed) {
  SeededRandom random(seed);
  std::vector<float> samples(count * static_cast<size_t>(network.SampleSize()));
  for (float& value : samples) value = 4 * UniformFloat(random) - 2;
  return samples;
}

double RootMeanSquare(const std::vector<float>& a, const std::vector<float>& b) {
  const double sum = std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                                        [](double x, double y) { return (x - y) * (x - y); });
  return std::sqrt(sum / static_cast<double>(a.size()));
}

void ExpectConnected(const Network& network) {
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const int64_t input = network.InputOf(i);
    if (input < 0) continue;
    EXPECT_EQ(network.layers[i].in, network.layers[static_cast<size_t>(input)].out) << i;
  }
}

void ExpectEqualToMasked(const Network& network) {
  const Network masked = Masked(network);
  Network shrunk = network;
  const std::vector<float> samples = Samples(network, 50, 2);
  RemoveChannels(RemovalsOf(network), samples, shrunk);
  EXPECT_LT(shrunk.ParameterCount(), network.ParameterCount());
  ExpectConnected(shrunk);
  const std::vector<float> expected = Predict(masked, samples);
  const std::vector<float> actual = Predict(shrunk, samples);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 2e-5) << i;
  EXPECT_GT(RootMeanSquare(Predict(network, samples), expected), 1e-2);
}

// Only pointwise convolutions and linear layers read another group: no border, so exact.
TEST(RemoveFromGraphTest, SeparableNetworkEqualsTheMaskedOne) {
  ExpectEqualToMasked(SeparableNetwork(3));
}

TEST(RemoveFromGraphTest, ResidualNetworkWithoutBordersEqualsTheMaskedOne) {
  ExpectEqualToMasked(ResidualNetwork(1, 4));
}

// With 3x3 kernels the borders cannot be exact, but the mean output over the samples is: the linear
// layer is the last whose bias takes what is missing.
TEST(RemoveFromGraphTest, ResidualNetworkStaysNearTheMaskedOne) {
  const Network network = ResidualNetwork(3, 5);
  const std::vector<float> samples = Samples(network, 200, 2);
  const std::vector<float> expected = Predict(Masked(network), samples);
  Network shrunk = network;
  RemoveChannels(RemovalsOf(network), samples, shrunk);
  ExpectConnected(shrunk);
  const std::vector<float> actual = Predict(shrunk, samples);
  Network uncorrected = network;
  RemoveChannels(RemovalsOf(network), {}, uncorrected);
  const std::vector<float> by_position = Predict(uncorrected, samples);
  for (size_t output = 0; output < 3; ++output) {
    double difference = 0;
    for (size_t i = output; i < actual.size(); i += 3) difference += actual[i] - expected[i];
    EXPECT_NEAR(difference / 200, 0, 1e-5) << output;
  }
  EXPECT_LT(RootMeanSquare(actual, expected), RootMeanSquare(by_position, expected));
  EXPECT_LT(RootMeanSquare(actual, expected),
            0.2 * RootMeanSquare(Predict(network, samples), expected));
}

}  // namespace
}  // namespace tinyjoule
