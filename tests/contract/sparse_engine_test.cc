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
using ::testing::MatchesRegex;
using ::testing::StartsWith;

std::vector<float> Uniform(size_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> distribution(-2, 2);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

void ExpectLikeReference(const onnx::ModelProto& model, SparseLayers layers, std::mt19937& random) {
  const auto reference = ReferenceEngine::Create(model);
  const auto sparse = XnnpackEngine::Create(model, 1, {layers});
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
    ASSERT_NO_FATAL_FAILURE(
        ExpectLikeReference(RandomConvolution(random), SparseLayers::kAlways, random));
  }
}

// Sparse layers between dense ones, and so channels first and channels last by turns.
TEST(SparseEngineTest, SparseLayersBetweenDenseOnes) {
  for (uint32_t seed = 0; seed < 5; ++seed) {
    ModelMaker maker(Precision::kFloat32, seed);
    maker.Input({3, 24, 20});
    maker.Conv2d(3, 32, 3, 1, 1);
    maker.ShareOfZeros(0.97);
    maker.Conv2d(32, 32, 3, 2, 1);
    maker.ShareOfZeros(0);
    maker.Conv2d(32, 24, 1, 1, 1);
    maker.ShareOfZeros(0.97);
    maker.Conv2d(24, 48, 3, 1, 1);
    maker.Conv2d(48, 48, 3, 1, 48);
    maker.Unary("Flatten");
    maker.Dense(48 * 12 * 10, 200, true);
    maker.ShareOfZeros(0);
    maker.Dense(200, 4, false);
    const onnx::ModelProto model = maker.Build({4});
    std::mt19937 random(seed);
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(ExpectLikeReference(model, SparseLayers::kWherePaid, random));
    // Two convolutions and the wide dense layer: of a depthwise one the copies cost more.
    EXPECT_THAT((*XnnpackEngine::Create(model, 1, {SparseLayers::kWherePaid}))->version(),
                StartsWith("sparse (3 of 7 layers sparse by "));
  }
}

TEST(SparseEngineTest, TakesALayerWhereItPays) {
  const auto version = [](double zeros, int64_t inputs, int64_t outputs, SparseLayers layers) {
    ModelMaker maker(Precision::kFloat32, 1);
    maker.Input({inputs});
    maker.ShareOfZeros(zeros);
    maker.Dense(inputs, outputs, true);
    return (*XnnpackEngine::Create(maker.Build({outputs}), 1, {layers}))->version();
  };
  EXPECT_THAT(version(0.97, 512, 512, SparseLayers::kWherePaid), HasSubstr("(1 of 1 layers"));
  EXPECT_THAT(version(0.3, 512, 512, SparseLayers::kWherePaid), HasSubstr("(0 of 1 layers"));
  // Each row alone costs more than the vectors of a layer so small.
  EXPECT_THAT(version(0.97, 5, 64, SparseLayers::kWherePaid), HasSubstr("(0 of 1 layers"));
  EXPECT_THAT(version(0.3, 5, 64, SparseLayers::kAlways), HasSubstr("(1 of 1 layers"));
  EXPECT_THAT(version(0.97, 512, 512, SparseLayers::kNever),
              MatchesRegex("xnnpack 20[0-9][0-9]-[01][0-9]"));
}

}  // namespace
}  // namespace tinyjoule
