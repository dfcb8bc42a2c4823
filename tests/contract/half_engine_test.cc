// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What the engine "xnnpack_f16" has beside the contract of all engines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "agent/runner/xnnpack_engine.h"
#include "common/onnx/half_float.h"
#include "common/onnx/onnx_builder.h"
#include "tests/contract/inference_engine_models.h"
#include "tests/contract/inference_engine_runs.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HalfEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto engine = Make(MakeTinyMlp(Precision::kFloat32, 1));
    if (absl::IsFailedPrecondition(engine.status())) {
      EXPECT_THAT(engine.status().message(), HasSubstr("; use the engine xnnpack"));
      GTEST_SKIP() << engine.status().message();
    }
    ASSERT_TRUE(engine.ok()) << engine.status();
  }
  static absl::StatusOr<std::unique_ptr<InferenceEngine>> Make(const onnx::ModelProto& model) {
    return MakeEngine(v1::ENGINE_XNNPACK_F16, 1, model);
  }
  static std::string VersionOf(const onnx::ModelProto& model) {
    const auto engine = Make(model);
    return engine.ok() ? (*engine)->version() : engine.status().ToString();
  }
};

// 2048 + 1 lies between two numbers of 11 bits, 2048 and 2050; half to even gives the first. 2049
// as an input is rounded to 2048 before it is multiplied.
TEST_F(HalfEngineTest, RoundsSumsAndInputsToElevenBits) {
  OnnxBuilder builder("sum");
  builder.AddInput("x", {-1, 2});
  builder.AddInitializer("w", {2, 2}, std::vector<float>{1, 1, 1, 0});
  builder.AddInitializer("b", {2}, std::vector<float>{0, 0});
  builder.AddNode("Gemm", {"x", "w", "b"}, {"y"}, {IntAttribute("transB", 1)});
  builder.AddOutput("y", {-1, 2});
  const auto engine = Make(builder.Build());
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_THAT(RunOnce(**engine, {2048, 1}), ElementsAre(2048, 2048));
  EXPECT_THAT(RunOnce(**engine, {2049, 0}), ElementsAre(2048, 2048));
  // What is beyond the largest of 16 bits is infinite.
  EXPECT_THAT(RunOnce(**engine, {40'000, 40'000}), ElementsAre(INFINITY, 40'000));
}

// A weight has the eleven bits that a float16 file stores.
TEST_F(HalfEngineTest, WeightsAreThoseOfAFloat16File) {
  const float weight = 0.1f;
  OnnxBuilder builder("weight");
  builder.AddInput("x", {-1, 1});
  builder.AddInitializer("w", {1, 1}, std::vector<float>{weight});
  builder.AddNode("MatMul", {"x", "w"}, {"y"});
  builder.AddOutput("y", {-1, 1});
  const auto engine = Make(builder.Build());
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(RunOnce(**engine, {1})[0], static_cast<float>(HalfFloat(weight)));
}

TEST_F(HalfEngineTest, SaysWhichLayersAreInFloat16) {
  EXPECT_THAT(VersionOf(MakeImageCnn(Precision::kFloat32, 1)),
              StartsWith("xnnpack_f16 (4 of 4 layers in float16 by xnnpack 20"));
  // int8 stays int8, with steps that are known before or found in each inference.
  for (const Precision precision : {Precision::kInt8PerChannel, Precision::kInt8Dynamic}) {
    EXPECT_THAT(VersionOf(MakeTinyMlp(precision, 1)), StartsWith("xnnpack_f16 (0 of 3 layers"));
  }
}

// Of an operator without float16 both neighbours have it: two conversions, and its own float32.
TEST_F(HalfEngineTest, ConvertsAroundWhatIsFloat32Only) {
  OnnxBuilder builder("mixed");
  builder.AddInput("x", {-1, 2});
  builder.AddInitializer("w", {2, 2}, std::vector<float>{2, 0, 0, 2});
  builder.AddNode("MatMul", {"x", "w"}, {"twice"});
  builder.AddNode("Sigmoid", {"twice"}, {"share"});
  builder.AddNode("Add", {"share", "twice"}, {"sum"});
  builder.AddNode("Softmax", {"sum"}, {"y"});
  builder.AddOutput("y", {-1, 2});
  const auto engine = Make(builder.Build());
  ASSERT_TRUE(engine.ok()) << engine.status();
  const std::vector<float> result = RunOnce(**engine, {0.5f, -0.5f});
  // sigmoid(1) + 1 and sigmoid(-1) - 1.
  const double first = 1 / (1 + std::exp(-1.0)) + 1;
  const double second = 1 / (1 + std::exp(1.0)) - 1;
  EXPECT_NEAR(result[0], 1 / (1 + std::exp(second - first)), 1e-3);
  EXPECT_NEAR(result[0] + result[1], 1, 1e-6);
}

}  // namespace
}  // namespace tinyjoule
