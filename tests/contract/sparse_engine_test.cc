// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What the engine "sparse" has beside the contract of all engines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "agent/runner/reference_engine.h"
#include "agent/runner/xnnpack_engine.h"
#include "common/onnx/onnx_builder.h"
#include "tests/contract/inference_engine_models.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr SparseThresholds kAll = {0, 0};

std::vector<float> Uniform(size_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> distribution(-2, 2);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

void ExpectLikeReference(const onnx::ModelProto& model, const SparseThresholds& thresholds,
                         std::mt19937& random) {
  const auto reference = ReferenceEngine::Create(model);
  const auto sparse = XnnpackEngine::Create(model, 1, thresholds);
  ASSERT_TRUE(reference.ok()) << reference.status();
  ASSERT_TRUE(sparse.ok()) << sparse.status();
  ASSERT_EQ((*sparse)->output_shape(), (*reference)->output_shape());
  const size_t size = static_cast<size_t>(ElementCount((*reference)->output_shape()));
  for (int row = 0; row < 3; ++row) {
    const std::vector<float> input =
        Uniform(static_cast<size_t>(ElementCount((*reference)->input_shape())), random);
    std::vector<float> expected(size);
    std::vector<float> actual(size, NAN);
    (*reference)->Run(input.data(), expected.data());
    (*sparse)->Run(input.data(), actual.data());
    for (size_t i = 0; i < size; ++i) {
      ASSERT_NEAR(actual[i], expected[i], 1e-4f * (1 + std::fabs(expected[i]))) << i;
    }
  }
}

// One Conv of random sizes, strides, dilations, groups and borders, different at each side.
onnx::ModelProto RandomConvolution(std::mt19937& random) {
  const auto from_to = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const int64_t groups = from_to(1, 3);
  const int64_t inputs = from_to(1, 3);
  const int64_t outputs = from_to(1, 4);
  const Shape kernel = {from_to(1, 4), from_to(1, 4)};
  const Shape dilations = {from_to(1, 2), from_to(1, 2)};
  const auto size = [&](size_t i) { return (kernel[i] - 1) * dilations[i] + from_to(1, 30); };
  std::vector<float> weights =
      Uniform(static_cast<size_t>(groups * outputs * inputs * kernel[0] * kernel[1]), random);
  for (float& weight : weights) weight = from_to(0, 9) < 6 ? 0.0f : weight;
  OnnxBuilder builder("convolution");
  builder.AddInput("x", {-1, groups * inputs, size(0), size(1)});
  builder.AddInitializer("w", {groups * outputs, inputs, kernel[0], kernel[1]}, weights);
  builder.AddInitializer("b", {groups * outputs},
                         Uniform(static_cast<size_t>(groups * outputs), random));
  builder.AddNode(
      "Conv", {"x", "w", "b"}, {"sum"},
      {IntAttribute("group", groups), IntsAttribute("dilations", dilations),
       IntsAttribute("strides", {from_to(1, 3), from_to(1, 3)}),
       IntsAttribute("pads", {from_to(0, 2), from_to(0, 2), from_to(0, 2), from_to(0, 2)})});
  builder.AddNode("Relu", {"sum"}, {"y"});
  builder.AddOutput("y", {-1, groups * outputs, -1, -1});
  return builder.Build();
}

TEST(SparseEngineTest, EveryConvolutionIsThatOfTheReference) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(ExpectLikeReference(RandomConvolution(random), kAll, random));
  }
}

// Channels first and channels last by turns: sparse layers between dense ones.
TEST(SparseEngineTest, SparseLayersBetweenDenseOnes) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    ModelMaker maker(Precision::kFloat32, seed);
    maker.Input({3, 12, 10});
    maker.Conv2d(3, 8, 3, 1, 1);
    maker.ShareOfZeros(0.95);
    maker.Conv2d(8, 8, 3, 2, 1);
    maker.ShareOfZeros(0);
    maker.Conv2d(8, 6, 1, 1, 1);
    maker.ShareOfZeros(0.95);
    maker.Conv2d(6, 6, 3, 1, 6);
    maker.Unary("Flatten");
    maker.Dense(6 * 6 * 5, 20, true);
    maker.ShareOfZeros(0);
    maker.Dense(20, 4, false);
    const onnx::ModelProto model = maker.Build({4});
    std::mt19937 random(seed);
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(ExpectLikeReference(model, {0.6, 0.6}, random));
    EXPECT_THAT((*XnnpackEngine::Create(model, 1, {0.6, 0.6}))->version(),
                StartsWith("sparse (3 of 6 layers sparse by "));
  }
}

TEST(SparseEngineTest, TakesALayerFromItsThresholdOn) {
  OnnxBuilder builder("dense");
  builder.AddInput("x", {-1, 4});
  builder.AddInitializer("w", {2, 4}, std::vector<float>{1, 0, 0, 0, 0, -0.0f, 2, 0});
  builder.AddNode("Gemm", {"x", "w"}, {"y"}, {IntAttribute("transB", 1)});
  builder.AddOutput("y", {-1, 2});
  const onnx::ModelProto model = builder.Build();
  const auto version = [&](double threshold) {
    return (*XnnpackEngine::Create(model, 1, {threshold, 2}))->version();
  };
  EXPECT_THAT(version(0.75), HasSubstr("(1 of 1 layers"));
  EXPECT_THAT(version(0.76), HasSubstr("(0 of 1 layers"));
  EXPECT_EQ(version(2), "xnnpack 2022-02");
}

}  // namespace
}  // namespace tinyjoule
