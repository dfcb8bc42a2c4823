// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "agent/runner/inference_engine.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/model_file.h"
#include "tests/contract/engines_under_test.h"
#include "tests/contract/inference_engine_models.h"
#include "tests/contract/inference_engine_runs.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class InferenceEngineContract : public ::testing::TestWithParam<v1::Engine> {};

// Four weights of the values -1, 0.5 and 2, looked up by whole bytes and by halves of them: upper
// halves 0 and 2, lower halves 1 and 2. 1 x -1 + 10 x 2 = 19 and 1 x 0.5 + 10 x 2 = 20.5.
TEST_P(InferenceEngineContract, WeightsAreLookedUpInACodebook) {
  for (const bool halves : {false, true}) {
    OnnxBuilder builder("clustered");
    const auto to_int32 = IntAttribute("to", onnx::TensorProto::INT32);
    builder.AddInput("input", {-1, 2});
    builder.AddInitializer("codebook", {3}, std::vector<float>{-1, 0.5f, 2});
    if (halves) {
      builder.AddInitializer("indices", {2}, std::vector<uint8_t>{0x01, 0x22});
      builder.AddInitializer("shape", {2}, std::vector<int64_t>{2, 2});
      builder.AddScalar<int32_t>("16", 16);
      builder.AddNode("Cast", {"indices"}, {"bytes"}, {to_int32});
      builder.AddNode("Div", {"bytes", "16"}, {"first"});
      builder.AddNode("Mul", {"first", "16"}, {"upper"});
      builder.AddNode("Sub", {"bytes", "upper"}, {"second"});
      builder.AddNode("Concat", {"first", "second"}, {"row"}, {IntAttribute("axis", 0)});
      builder.AddNode("Reshape", {"row", "shape"}, {"numbers"});
    } else {
      builder.AddInitializer("indices", {2, 2}, std::vector<uint8_t>{0, 2, 1, 2});
      builder.AddNode("Cast", {"indices"}, {"numbers"}, {to_int32});
    }
    builder.AddNode("Gather", {"codebook", "numbers"}, {"weight"}, {IntAttribute("axis", 0)});
    builder.AddNode("Gemm", {"input", "weight"}, {"output"}, {IntAttribute("transB", 1)});
    builder.AddOutput("output", {-1, 2});
    const auto engine = Load(GetParam(), builder.Build());
    ASSERT_NE(engine, nullptr);
    EXPECT_EQ(RunOnce(*engine, {1, 10}), (std::vector<float>{19, 20.5f})) << halves;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, InferenceEngineContract, ::testing::ValuesIn(EngineKinds()),
                         EngineKindName);

// y = relu(x W^T + b) by hand: x = (1, 2), W = ((1, -1), (0.5, 2)), b = (0.25, -1).
TEST_P(InferenceEngineContract, ComputesALayer) {
  OnnxBuilder builder("layer");
  builder.AddInput("x", {-1, 2});
  builder.AddInitializer("w", {2, 2}, std::vector<float>{1, -1, 0.5f, 2});
  builder.AddInitializer("b", {2}, std::vector<float>{0.25f, -1});
  builder.AddNode("Gemm", {"x", "w", "b"}, {"sum"}, {IntAttribute("transB", 1)});
  builder.AddNode("Relu", {"sum"}, {"y"});
  builder.AddOutput("y", {-1, 2});
  const auto engine = Load(GetParam(), builder.Build());
  EXPECT_EQ(engine->input_shape(), (Shape{1, 2}));
  EXPECT_EQ(engine->output_shape(), (Shape{1, 2}));
  EXPECT_THAT(RunOnce(*engine, {1, 2}), ::testing::ElementsAre(0.0f, 3.5f));
  EXPECT_FALSE(engine->version().empty());
}

// The layer above in whole numbers; each figure is a multiple of its step.
TEST_P(InferenceEngineContract, TakesAndGivesInt8) {
  OnnxBuilder builder("integers");
  builder.AddInput("x", {-1, 2}, onnx::TensorProto::INT8);
  builder.AddScalar("x_scale", 0.5f);
  builder.AddScalar("x_zero", int8_t{3});
  builder.AddInitializer("w", {2, 2}, std::vector<int8_t>{4, -4, 2, 8});
  builder.AddScalar("w_scale", 0.25f);
  builder.AddScalar("w_zero", int8_t{0});
  builder.AddInitializer("b", {2}, std::vector<int32_t>{2, -8});
  builder.AddScalar("b_scale", 0.125f);
  builder.AddScalar("y_scale", 0.25f);
  builder.AddScalar("y_zero", int8_t{-4});
  builder.AddNode("DequantizeLinear", {"x", "x_scale", "x_zero"}, {"x_real"});
  builder.AddNode("DequantizeLinear", {"w", "w_scale", "w_zero"}, {"w_real"});
  builder.AddNode("DequantizeLinear", {"b", "b_scale"}, {"b_real"});
  builder.AddNode("Gemm", {"x_real", "w_real", "b_real"}, {"sum"}, {IntAttribute("transB", 1)});
  builder.AddNode("Relu", {"sum"}, {"y_real"});
  builder.AddNode("QuantizeLinear", {"y_real", "y_scale", "y_zero"}, {"y"});
  builder.AddOutput("y", {-1, 2}, onnx::TensorProto::INT8);
  const auto engine = Load(GetParam(), builder.Build());
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->input_coding().type, ElementType::kInt8);
  EXPECT_EQ(engine->output_coding().scale, 0.25f);
  std::vector<int8_t> row(2);
  EncodeElements(engine->input_coding(), {1, 2}, row.data());
  EXPECT_THAT(row, ::testing::ElementsAre(5, 7));
  std::vector<int8_t> result(2);
  engine->Run(row.data(), result.data());
  EXPECT_THAT(result, ::testing::ElementsAre(-4, 10));
  std::vector<float> numbers(2);
  DecodeElements(engine->output_coding(), result.data(), absl::MakeSpan(numbers));
  EXPECT_THAT(numbers, ::testing::ElementsAre(0.0f, 3.5f));
}

TEST_P(InferenceEngineContract, RefusesOtherElements) {
  OnnxBuilder builder("integers");
  builder.AddInput("x", {-1, 4}, onnx::TensorProto::INT32);
  builder.AddNode("Flatten", {"x"}, {"y"});
  builder.AddOutput("y", {-1, 4}, onnx::TensorProto::INT32);
  const auto engine = MakeEngineUnderTest(GetParam(), 1, builder.Build());
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(engine.status().message(), HasSubstr("'x' is int32"));
}

TEST_P(InferenceEngineContract, GivesTheSameTwiceAndAfterAnotherRow) {
  const auto engine = Load(GetParam(), MakeTinyCnn(Precision::kFloat32, 3, 1));
  const std::vector<float> row = {0.1f, -0.2f, 0.3f, 1.5f, -2.0f};
  const std::vector<float> first = RunOnce(*engine, row);
  RunOnce(*engine, {5, 4, 3, 2, 1});
  EXPECT_EQ(RunOnce(*engine, row), first);
}

TEST_P(InferenceEngineContract, TwoEnginesDoNotDisturbEachOther) {
  const auto one = Load(GetParam(), MakeTinyMlp(Precision::kFloat32, 1));
  const auto two = Load(GetParam(), MakeTinyMlp(Precision::kFloat32, 2));
  const std::vector<float> row = {1, 2, 3, 4, 5};
  const std::vector<float> first = RunOnce(*one, row);
  EXPECT_NE(RunOnce(*two, row), first);
  EXPECT_EQ(RunOnce(*one, row), first);
}

TEST_P(InferenceEngineContract, NamesTheNodeThatItCannotRun) {
  OnnxBuilder builder("strange");
  builder.AddInput("x", {-1, 4});
  builder.AddNode("Einsum", {"x"}, {"y"});
  builder.AddOutput("y", {-1, 4});
  const auto engine = MakeEngineUnderTest(GetParam(), 1, builder.Build());
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(engine.status().message(), HasSubstr("Einsum node 'Einsum_0'"));
}

TEST_P(InferenceEngineContract, RefusesABrokenModel) {
  OnnxBuilder builder("dangling");
  builder.AddInput("x", {-1, 4});
  builder.AddNode("Add", {"x", "nowhere"}, {"y"});
  builder.AddOutput("y", {-1, 4});
  const auto engine = MakeEngineUnderTest(GetParam(), 1, builder.Build());
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(engine.status().message(), HasSubstr("nowhere"));
}

TEST_P(InferenceEngineContract, RefusesNoThreads) {
  const auto model = MakeTinyMlp(Precision::kFloat32, 1);
  EXPECT_EQ(MakeEngineUnderTest(GetParam(), 0, model).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Values by scikit-learn 1.2: KNeighborsRegressor(3, weights=...).fit(P, t).predict(...).
// P = (0,0) (1,0) (0,2) (3,3), t = 1 2 4 8, of which k = 3 are the first three at (0.5, 0).
TEST_P(InferenceEngineContract, NearestNeighboursByHand) {
  const FloatTensor points = {{4, 2}, {0, 0, 1, 0, 0, 2, 3, 3}};
  const FloatTensor targets = {{4}, {1, 2, 4, 8}};
  const auto uniform = MakeKnnRegressor(3, KnnWeighting::kUniform, points, targets);
  ASSERT_TRUE(uniform.ok()) << uniform.status();
  EXPECT_NEAR(RunOnce(*Load(GetParam(), BuildKnnModel(*uniform)), {0.5f, 0})[0], 7.0 / 3, 1e-6);
  const auto distance = MakeKnnRegressor(3, KnnWeighting::kDistance, points, targets);
  const auto engine = Load(GetParam(), BuildKnnModel(*distance));
  // Distances 1/2, 1/2 and sqrt(17)/2.
  const double far_weight = 2 / std::sqrt(17.0);
  const double expected = (2 * 1 + 2 * 2 + far_weight * 4) / (2 + 2 + far_weight);
  EXPECT_NEAR(RunOnce(*engine, {0.5f, 0})[0], expected, 1e-6);
  // Exactly on a point: its target alone.
  EXPECT_EQ(RunOnce(*engine, {0, 2})[0], 4.0f);
}

TEST_P(InferenceEngineContract, NearestNeighboursVote) {
  const FloatTensor points = {{5, 1}, {0, 1, 2, 10, 11}};
  const auto model = MakeKnnClassifier(3, KnnWeighting::kUniform, points, {0, 2, 2, 1, 1}, 3);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto engine = Load(GetParam(), BuildKnnModel(*model));
  const std::vector<float> shares = RunOnce(*engine, {0.9f});
  ASSERT_EQ(shares.size(), 3u);
  EXPECT_NEAR(shares[0], 1.0 / 3, 1e-6);
  EXPECT_EQ(shares[1], 0.0f);
  EXPECT_NEAR(shares[2], 2.0 / 3, 1e-6);
}

// Whatever a byte of a model file turns into, it is refused or it runs; it never takes the process
// down.
TEST_P(InferenceEngineContract, SurvivesDamagedModelFiles) {
  std::mt19937 random(7);
  int refused = 0;
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8PerChannel}) {
    const absl::StatusOr<std::string> bytes = SerializeModel(MakeTinyCnn(precision, 3, 1));
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    for (int round = 0; round < 1500; ++round) {
      std::string damaged = *bytes;
      for (int i = 0; i < 3; ++i) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      if (round % 10 == 0) damaged.resize(random() % damaged.size());
      const absl::StatusOr<onnx::ModelProto> model = ParseModel(damaged);
      const auto engine = model.ok() ? MakeEngineUnderTest(GetParam(), 1, *model) : model.status();
      refused += !engine.ok();
      if (engine.ok()) RunOnce(**engine, RandomRow(**engine, random, 1.0f));
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace tinyjoule
