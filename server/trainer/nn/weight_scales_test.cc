// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/weight_scales.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

// Two channels; scales are powers of two, so that every figure is exact.
const std::vector<float> kWeights = {127 / 128.0F, -0.5F, 2 / 128.0F, -254 / 128.0F};
const std::vector<float> kBiases = {0.1F, -0.2F};

TEST(WeightScalesTest, LargestOfEachChannelBecomes127) {
  const std::vector<float> scales = WeightScales({true, 0.01F}, kWeights, kBiases);
  EXPECT_THAT(scales, ElementsAre(1 / 128.0F, 2 / 128.0F));
  EXPECT_THAT(QuantizeWeights(kWeights, scales), ElementsAre(127, -64, 1, -127));
  EXPECT_EQ(DequantizeWeights(QuantizeWeights(kWeights, scales), scales), kWeights);
}

TEST(WeightScalesTest, OneScaleForTheLayer) {
  const std::vector<float> scales = WeightScales({false, 0.01F}, kWeights, kBiases);
  EXPECT_THAT(scales, ElementsAre(2 / 128.0F));
  // 63.5 is rounded to even.
  EXPECT_THAT(QuantizeWeights(kWeights, scales), ElementsAre(64, -32, 1, -127));
}

// 4,000 / (0.001 x 2^24) is more than the weights ask for.
TEST(WeightScalesTest, ABiasThatWouldNotFitWidensTheSteps) {
  const std::vector<float> biases = {4000, 0};
  EXPECT_THAT(WeightScales({true, 0.001F}, kWeights, biases),
              ElementsAre(FloatEq(4000 / (0.001F * 16'777'216)), 2 / 128.0F));
  EXPECT_THAT(WeightScales({true, 0}, kWeights, biases), ElementsAre(1 / 128.0F, 2 / 128.0F))
      << "biases in float32 ask for nothing";
}

TEST(WeightScalesTest, AnEmptyChannelHasStepsOfOne) {
  EXPECT_THAT(WeightScales({true, 1}, {0, 0}, {0, 0}), ElementsAre(1, 1));
  EXPECT_THAT(WeightScales({false, 1}, {0, 0}, {0, 0}), ElementsAre(1));
}

}  // namespace
}  // namespace tinyjoule
