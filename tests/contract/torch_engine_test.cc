// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/torch/torch_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/contract/inference_engine_models.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

std::string VersionOf(const onnx::ModelProto& model) {
  const auto engine = MakeTorchEngine(v1::ENGINE_TORCH, 1, model);
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? (*engine)->version() : "";
}

TEST(TorchEngineTest, SaysWhichArithmeticLayersHave) {
  EXPECT_THAT(VersionOf(MakeTinyMlp(Precision::kFloat32, 1)), ::testing::Not(HasSubstr("int8")));
  for (const Precision precision : {Precision::kInt8PerTensor, Precision::kInt8PerChannel}) {
    EXPECT_THAT(VersionOf(MakeTinyMlp(precision, 1)), HasSubstr("(int8 layers: 3 in int8 by "));
    EXPECT_THAT(VersionOf(MakeTinyCnn(precision, 3, 1)), HasSubstr("4 in int8"));
    EXPECT_THAT(VersionOf(MakeImageCnn(precision, 1)), HasSubstr(", 0 dequantised)"));
  }
}

// Padding at one end only is nothing that LibTorch's int8 convolution takes: float32 arithmetic on
// the same steps. x = 2, 3; w = 1, 1 with a step of 1/2; y = 0 + 2, 2 + 3.
TEST(TorchEngineTest, RunsWhatHasNoInt8FormInFloat32) {
  OnnxBuilder builder("lopsided");
  builder.AddInput("x", {-1, 1, 2});
  builder.AddScalar<float>("step", 0.5f);
  builder.AddScalar<int8_t>("zero", 3);
  builder.AddScalar<int8_t>("weights_zero", 0);
  builder.AddInitializer("weights", {1, 1, 2}, std::vector<int8_t>{2, 2});
  builder.AddNode("QuantizeLinear", {"x", "step", "zero"}, {"x_steps"});
  builder.AddNode("DequantizeLinear", {"x_steps", "step", "zero"}, {"x_real"});
  builder.AddNode("DequantizeLinear", {"weights", "step", "weights_zero"}, {"w"});
  builder.AddNode("Conv", {"x_real", "w"}, {"sum"}, {IntsAttribute("pads", {1, 0})});
  builder.AddNode("QuantizeLinear", {"sum", "step", "zero"}, {"y_steps"});
  builder.AddNode("DequantizeLinear", {"y_steps", "step", "zero"}, {"y"});
  builder.AddOutput("y", {-1, 1, 2});
  const auto engine = MakeTorchEngine(v1::ENGINE_TORCH, 1, builder.Build());
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_THAT((*engine)->version(), HasSubstr("(int8 layers: 0 in int8, 1 dequantised)"));
  const std::vector<float> x = {2, 3};
  std::vector<float> y(2);
  (*engine)->Run(x.data(), y.data());
  EXPECT_THAT(y, ::testing::ElementsAre(2.0f, 5.0f));
}

TEST(TorchEngineTest, HasNoOtherEngine) {
  const auto engine = MakeTorchEngine(v1::ENGINE_XNNPACK, 1, MakeTinyMlp(Precision::kFloat32, 1));
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tinyjoule
