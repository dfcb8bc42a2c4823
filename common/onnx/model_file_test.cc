// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/onnx/onnx_builder.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

onnx::ModelProto SmallModel() {
  OnnxBuilder builder("small");
  builder.AddInput("x", {-1, 2});
  builder.AddInitializer("w", {2, 2}, std::vector<float>{1, 2, 3, 4});
  builder.AddNode("MatMul", {"x", "w"}, {"a"});
  builder.AddNode("Relu", {"a"}, {"y"});
  builder.AddOutput("y", {-1, 2});
  builder.SetMetadata("tinyjoule.test", "yes");
  return builder.Build();
}

TEST(ModelFileTest, WritesAndReadsBack) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/model_file_test-", getpid(), ".onnx");
  ASSERT_TRUE(WriteModel(path, SmallModel()).ok());
  const auto model = ReadModel(path);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(*SerializeModel(*model), *SerializeModel(SmallModel()));
  EXPECT_EQ(model->ir_version(), 7);
  EXPECT_EQ(model->opset_import(0).version(), 13);
  EXPECT_EQ(model->producer_name(), "tinyjoule");
  EXPECT_EQ(MetadataValue(*model, "tinyjoule.test"), "yes");
  EXPECT_EQ(model->graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "N");
}

TEST(ModelFileTest, MissingFileIsNamed) {
  const auto model = ReadModel("/nonexistent/model.onnx");
  EXPECT_EQ(model.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(model.status().message(), HasSubstr("/nonexistent/model.onnx"));
}

struct Damage {
  const char* name;
  std::function<void(onnx::ModelProto&)> apply;
  const char* message;
};

class HostileModel : public ::testing::TestWithParam<Damage> {};

INSTANTIATE_TEST_SUITE_P(
    Damages, HostileModel,
    ::testing::Values(
        Damage{"Dangling", [](auto& m) { m.mutable_graph()->mutable_node(1)->set_input(0, "q"); },
               "'q'"},
        Damage{"Cycle", [](auto& m) { m.mutable_graph()->mutable_node(0)->set_input(0, "y"); },
               "cycle"},
        Damage{"TwoMakers", [](auto& m) { m.mutable_graph()->mutable_node(1)->set_output(0, "a"); },
               "twice"},
        Damage{"OldOperatorSet", [](auto& m) { m.mutable_opset_import(0)->set_version(9); },
               "operator set 9"},
        Damage{"NoOperatorSet", [](auto& m) { m.clear_opset_import(); }, "no operator set"},
        Damage{"ForeignDomain",
               [](auto& m) { m.mutable_graph()->mutable_node(0)->set_domain("com.acme"); },
               "com.acme"},
        Damage{"ShortData",
               [](auto& m) {
                 m.mutable_graph()->mutable_initializer(0)->mutable_raw_data()->resize(15);
               },
               "'w'"},
        Damage{"NegativeDimension",
               [](auto& m) { m.mutable_graph()->mutable_initializer(0)->set_dims(0, -2); },
               "negative"},
        Damage{"OverflowingShape",
               [](auto& m) {
                 m.mutable_graph()->mutable_initializer(0)->set_dims(0, int64_t{1} << 62);
               },
               "more than"},
        Damage{"ExternalData",
               [](auto& m) {
                 m.mutable_graph()->mutable_initializer(0)->set_data_location(
                     onnx::TensorProto::EXTERNAL);
               },
               "another file"},
        Damage{"SubGraph",
               [](auto& m) { m.mutable_graph()->mutable_node(0)->add_attribute()->mutable_g(); },
               "sub-graph"},
        Damage{"NoOutput", [](auto& m) { m.mutable_graph()->clear_output(); }, "no output"}),
    [](const auto& damage) { return damage.param.name; });

TEST_P(HostileModel, IsRefusedByName) {
  onnx::ModelProto model = SmallModel();
  GetParam().apply(model);
  const auto parsed = ParseModel(model.SerializeAsString());
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(parsed.status().message(), HasSubstr(GetParam().message));
  EXPECT_EQ(OnnxGraph::Create(model).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ModelFileTest, RefusesEveryTruncation) {
  const std::string bytes = *SerializeModel(SmallModel());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto model = ParseModel(absl::string_view(bytes).substr(0, length));
    // What is left may be a whole model without its last metadata; never anything else.
    EXPECT_TRUE(!model.ok() || OnnxGraph::Create(*model).ok()) << length;
  }
}

TEST(OnnxGraphTest, SortsNodesAndInfersShapes) {
  OnnxBuilder builder("unsorted");
  builder.AddInput("x", {-1, 3, 8});
  builder.AddInitializer("w", {4, 3, 3}, std::vector<float>(36));
  builder.AddNode("Flatten", {"c"}, {"y"});
  builder.AddNode("Conv", {"x", "w"}, {"c"}, {IntsAttribute("strides", {2})});
  builder.AddOutput("y", {-1, 12});
  const auto graph = OnnxGraph::Create(builder.Build());
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->node(0).op_type, "Conv");
  // (8 - 3) / 2 + 1 = 3 places.
  EXPECT_EQ(graph->value(graph->node(0).outputs[0]).shape, (Shape{1, 4, 3}));
  EXPECT_EQ(graph->value(graph->output()).shape, (Shape{1, 12}));
}

// 2^14 rows against as many columns: 2^28 elements, twice.
TEST(OnnxGraphTest, RefusesASmallFileThatAsksForAllMemory) {
  OnnxBuilder builder("bomb");
  builder.AddInput("x", {-1, 1 << 14, 1});
  builder.AddInitializer("w", {1, 1 << 14}, std::vector<float>(1 << 14));
  builder.AddNode("Mul", {"x", "w"}, {"a"});
  builder.AddNode("Exp", {"a"}, {"y"});
  builder.AddOutput("y", {-1, 1 << 14, 1 << 14});
  const auto graph = OnnxGraph::Create(builder.Build());
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(graph.status().message(), HasSubstr("activations"));
}

TEST(OnnxGraphTest, NamesWhatItDoesNotKnow) {
  onnx::ModelProto model = SmallModel();
  onnx::AttributeProto* attribute = model.mutable_graph()->mutable_node(1)->add_attribute();
  *attribute = IntAttribute("novelty", 1);
  const auto graph = OnnxGraph::Create(model);
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(graph.status().message(), HasSubstr("Relu node 'Relu_1': attribute 'novelty'"));
}

TEST(OnnxGraphTest, RefusesFactorsThatDoNotFit) {
  onnx::ModelProto model = SmallModel();
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(5);
  const auto graph = OnnxGraph::Create(model);
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(graph.status().message(), HasSubstr("[1, 5] and [2, 2]"));
}

}  // namespace
}  // namespace tinyjoule
