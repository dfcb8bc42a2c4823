// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/given_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/onnx/model_file.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/compress/trained_model.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// y = sigmoid(x W): no layer of ours.
onnx::ModelProto SigmoidModel() {
  OnnxBuilder builder("foreign");
  const std::vector<float> weights = {1, -2, 3, 0.5};
  builder.AddInput("x", {-1, 2});
  builder.AddInitializer("w", {2, 2}, absl::MakeConstSpan(weights));
  builder.AddNode("MatMul", {"x", "w"}, {"z"});
  builder.AddNode("Sigmoid", {"z"}, {"y"});
  builder.AddOutput("y", {-1, 2});
  return builder.Build();
}

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

TEST(GivenModelTest, PredictsByTheReferenceOperators) {
  const auto model = ReadGivenModel(*SerializeModel(SigmoidModel()));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->sample_shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(model->output_count, 2);
  const std::vector<float> samples = {1, 2, -1, 0};
  const std::vector<float> predictions = PredictModel(TrainedModel(*model), samples);
  const float expected[] = {Sigmoid(7), Sigmoid(-1), Sigmoid(-1), Sigmoid(2)};
  ASSERT_EQ(predictions.size(), 4);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(predictions[i], expected[i], 1e-6) << i;
  EXPECT_NEAR(PredictionTolerance(TrainedModel(*model), {}, predictions), 1e-4, 1e-9);
}

TEST(GivenModelTest, ToleratesOneStepOfAnInt8Output) {
  OnnxBuilder builder("int8");
  builder.AddInput("x", {-1, 2});
  builder.AddScalar<float>("scale", 0.5F);
  builder.AddScalar<int8_t>("zero", int8_t{3});
  builder.AddNode("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
  builder.AddNode("DequantizeLinear", {"q", "scale", "zero"}, {"y"});
  builder.AddOutput("y", {-1, 2});
  const auto given = ReadGivenModel(*SerializeModel(builder.Build()));
  ASSERT_TRUE(given.ok()) << given.status();
  const std::vector<float> predictions = PredictModel(TrainedModel(*given), {0.3F, -70});
  EXPECT_EQ(predictions, (std::vector<float>{0.5F, -65.5F}));
  EXPECT_NEAR(PredictionTolerance(TrainedModel(*given), {}, predictions), 0.5, 1e-3);
}

// x + x in whole numbers: in steps of 1/2 around 3, out in steps of 2 around -4.
TEST(GivenModelTest, TakesAndGivesWholeNumbersAsNumbers) {
  OnnxBuilder builder("integers");
  builder.AddInput("x", {-1, 2}, onnx::TensorProto::INT8);
  builder.AddScalar<float>("x_scale", 0.5F);
  builder.AddScalar<int8_t>("x_zero", int8_t{3});
  builder.AddScalar<float>("y_scale", 2.0F);
  builder.AddScalar<int8_t>("y_zero", int8_t{-4});
  builder.AddNode("DequantizeLinear", {"x", "x_scale", "x_zero"}, {"real"});
  builder.AddNode("Add", {"real", "real"}, {"sum"});
  builder.AddNode("QuantizeLinear", {"sum", "y_scale", "y_zero"}, {"y"});
  builder.AddOutput("y", {-1, 2}, onnx::TensorProto::INT8);
  const auto given = ReadGivenModel(*SerializeModel(builder.Build()));
  ASSERT_TRUE(given.ok()) << given.status();
  // 3.1 is 3 and doubled 6; -4.4 is -4.5 and doubled -9, half way between -8 and -10: to even.
  const std::vector<float> predictions = PredictModel(TrainedModel(*given), {3.1F, -4.4F});
  EXPECT_EQ(predictions, (std::vector<float>{6, -8}));
  EXPECT_NEAR(PredictionTolerance(TrainedModel(*given), {}, predictions), 2, 1e-3);
}

TEST(GivenModelTest, SaysWhatDoesNotFit) {
  EXPECT_EQ(ReadGivenModel("no model").status().code(), absl::StatusCode::kInvalidArgument);
  OnnxBuilder image("image");
  image.AddInput("x", {-1, 1, 4, 4});
  image.AddNode("Relu", {"x"}, {"y"});
  image.AddOutput("y", {-1, 1, 4, 4});
  EXPECT_THAT(std::string(ReadGivenModel(*SerializeModel(image.Build())).status().message()),
              HasSubstr("expected [N, ...] to [N, outputs]"));
  OnnxBuilder strange("strange");
  strange.AddInput("x", {-1, 4});
  strange.AddNode("Einsum", {"x"}, {"y"});
  strange.AddOutput("y", {-1, 4});
  const auto unknown = ReadGivenModel(*SerializeModel(strange.Build()));
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("Einsum"));
}

}  // namespace
}  // namespace tinyjoule
