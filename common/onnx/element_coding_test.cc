// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/element_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/onnx/onnx_builder.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// int8 in and out, doubled in between.
OnnxBuilder WholeNumbers(onnx::TensorProto::DataType input = onnx::TensorProto::INT8) {
  OnnxBuilder builder("integers");
  builder.AddInput("x", {-1, 3}, input);
  builder.AddScalar("x_scale", 0.5F);
  builder.AddScalar("x_zero", int8_t{3});
  builder.AddScalar("y_scale", 2.0F);
  builder.AddScalar("y_zero", int8_t{-4});
  builder.AddNode("DequantizeLinear", {"x", "x_scale", "x_zero"}, {"real"});
  builder.AddNode("Add", {"real", "real"}, {"sum"});
  return builder;
}

onnx::ModelProto Finished(OnnxBuilder builder) {
  builder.AddNode("QuantizeLinear", {"sum", "y_scale", "y_zero"}, {"y"});
  builder.AddOutput("y", {-1, 3}, onnx::TensorProto::INT8);
  return builder.Build();
}

TEST(ElementCodingTest, IsWhatTheGraphSays) {
  const auto graph = OnnxGraph::Create(Finished(WholeNumbers()));
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto input = InputCodingOf(*graph);
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(input->type, ElementType::kInt8);
  EXPECT_EQ(input->scale, 0.5F);
  EXPECT_EQ(input->zero_point, 3);
  const auto output = OutputCodingOf(*graph);
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->element_size(), 1U);
  EXPECT_EQ(output->scale, 2.0F);
  EXPECT_EQ(output->zero_point, -4);
}

TEST(ElementCodingTest, RefusesWhatDoesNotSayIt) {
  // An int8 output that no QuantizeLinear makes, and an int8 input that two nodes read.
  OnnxBuilder builder = WholeNumbers();
  builder.AddNode("Identity", {"x"}, {"y"});
  builder.AddOutput("y", {-1, 3}, onnx::TensorProto::INT8);
  const auto graph = OnnxGraph::Create(builder.Build());
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(InputCodingOf(*graph).status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(OutputCodingOf(*graph).status().message()), HasSubstr("'y' is int8"));
}

TEST(ElementCodingTest, RoundsHalfToEvenAndSaturates) {
  const ElementCoding coding = {ElementType::kInt8, 2.0F, 1};
  const std::vector<float> values = {1, 3, 5, -1, 1e9F, -1e9F};
  std::vector<int8_t> elements(values.size());
  EncodeElements(coding, values, elements.data());
  EXPECT_THAT(elements, ElementsAre(1, 3, 3, 1, 127, -128));
  std::vector<float> decoded(values.size());
  DecodeElements(coding, elements.data(), absl::MakeSpan(decoded));
  EXPECT_THAT(decoded, ElementsAre(0, 4, 4, 0, 252, -258));
}

TEST(ElementCodingTest, FloatsStayAsTheyAre) {
  const std::vector<float> values = {0.1F, -1e30F};
  std::vector<float> elements(2);
  EncodeElements({}, values, elements.data());
  EXPECT_EQ(elements, values);
  std::vector<float> decoded(2);
  DecodeElements({}, elements.data(), absl::MakeSpan(decoded));
  EXPECT_EQ(decoded, values);
}

}  // namespace
}  // namespace tinyjoule
