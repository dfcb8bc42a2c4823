// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/constant_folding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/onnx/onnx_builder.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const GraphValue& Find(const OnnxGraph& graph, absl::string_view name) {
  for (const GraphValue& value : graph.values()) {
    if (value.name == name) return value;
  }
  ADD_FAILURE() << name;
  return graph.value(0);
}

// A linear layer whose six weights are looked up in a codebook.
class LookUp {
 public:
  LookUp() {
    builder_.AddInput("x", {-1, 3});
    builder_.AddInitializer("codebook", {3}, std::vector<float>{-1.5F, 0, 2});
  }

  absl::StatusOr<OnnxGraph> Finish() {
    builder_.AddNode("Gather", {"codebook", "numbers"}, {"weight"}, {IntAttribute("axis", 0)});
    builder_.AddNode("Gemm", {"x", "weight"}, {"y"}, {IntAttribute("transB", 1)});
    builder_.AddOutput("y", {-1, 2});
    return OnnxGraph::Create(builder_.Build());
  }

  OnnxBuilder builder_{"lookup"};
};

TEST(ConstantFoldingTest, BytesBecomeWeights) {
  LookUp model;
  model.builder_.AddInitializer("indices", {2, 3}, std::vector<uint8_t>{0, 1, 2, 2, 1, 0});
  model.builder_.AddNode("Cast", {"indices"}, {"numbers"},
                         {IntAttribute("to", onnx::TensorProto::INT32)});
  const auto graph = model.Finish();
  ASSERT_TRUE(graph.ok()) << graph.status();
  const GraphValue& weight = Find(*graph, "weight");
  EXPECT_TRUE(weight.constant);
  EXPECT_THAT(weight.elements<float>(), ElementsAre(-1.5F, 0, 2, 2, 0, -1.5F));
  EXPECT_THAT(weight.shape, ElementsAre(2, 3));
  EXPECT_EQ(weight.stored_bytes(), 3 * sizeof(float) + 6);
  EXPECT_EQ(graph->nodes().size(), 1U) << "only the layer is left to compute";
}

// 0x02 = 0 and 2, 0x12 = 1 and 2, 0x20 = 2 and 0: first the upper halves, then the lower ones.
TEST(ConstantFoldingTest, HalfBytesBecomeWeights) {
  LookUp model;
  model.builder_.AddInitializer("indices", {3}, std::vector<uint8_t>{0x02, 0x12, 0x20});
  model.builder_.AddInitializer("shape", {2}, std::vector<int64_t>{2, 3});
  model.builder_.AddScalar<int32_t>("16", 16);
  model.builder_.AddNode("Cast", {"indices"}, {"bytes"},
                         {IntAttribute("to", onnx::TensorProto::INT32)});
  model.builder_.AddNode("Div", {"bytes", "16"}, {"first"});
  model.builder_.AddNode("Mul", {"first", "16"}, {"upper"});
  model.builder_.AddNode("Sub", {"bytes", "upper"}, {"second"});
  model.builder_.AddNode("Concat", {"first", "second"}, {"row"}, {IntAttribute("axis", 0)});
  model.builder_.AddNode("Reshape", {"row", "shape"}, {"numbers"});
  const auto graph = model.Finish();
  ASSERT_TRUE(graph.ok()) << graph.status();
  const GraphValue& weight = Find(*graph, "weight");
  EXPECT_THAT(weight.elements<float>(), ElementsAre(-1.5F, 0, 2, 2, 2, -1.5F));
  // Each tensor once, however often it is read: codebook, indices, shape and 16.
  EXPECT_EQ(weight.stored_bytes(), 3 * sizeof(float) + 3 + 2 * sizeof(int64_t) + sizeof(int32_t));
}

TEST(ConstantFoldingTest, IndexOutsideTheCodebookIsRefused) {
  LookUp model;
  model.builder_.AddInitializer("numbers", {2, 3}, std::vector<int32_t>{0, 1, 3, 2, 1, 0});
  const auto graph = model.Finish();
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(graph.status().message()), HasSubstr("index 3 of 3 rows"));
}

TEST(ConstantFoldingTest, NegativeIndexCountsFromTheEnd) {
  LookUp model;
  model.builder_.AddInitializer("numbers", {2, 3}, std::vector<int32_t>{-1, 1, -3, 2, 1, 0});
  EXPECT_THAT(Find(*model.Finish(), "weight").elements<float>(),
              ElementsAre(2, 0, -1.5F, 2, 0, -1.5F));
}

TEST(ConstantFoldingTest, DivisionByZeroIsRefused) {
  LookUp model;
  model.builder_.AddInitializer("indices", {2, 3}, std::vector<int32_t>{0, 1, 2, 2, 1, 0});
  model.builder_.AddScalar<int32_t>("nothing", 0);
  model.builder_.AddNode("Div", {"indices", "nothing"}, {"numbers"});
  EXPECT_THAT(std::string(model.Finish().status().message()), HasSubstr("division by 0"));
}

// A few bytes must not become gigabytes.
TEST(ConstantFoldingTest, HugeResultIsRefused) {
  LookUp model;
  model.builder_.AddInitializer("row", {1, 20'000}, std::vector<float>(20'000, 1));
  model.builder_.AddInitializer("rows", {20'000}, std::vector<int32_t>(20'000, 0));
  model.builder_.AddInitializer("numbers", {2, 3}, std::vector<int32_t>(6, 0));
  model.builder_.AddNode("Gather", {"row", "rows"}, {"all"}, {IntAttribute("axis", 0)});
  EXPECT_EQ(model.Finish().status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tinyjoule
