// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/export/network_onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/onnx/model_file.h"
#include "common/onnx/model_size.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/compress/quantize.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Layout {
  const char* name;
  v1::ModelType type;
  v1::Pooling pooling;
  std::vector<int64_t> data_shape;
};

class ExportTest : public testing::TestWithParam<Layout> {
 protected:
  void SetUp() override {
    v1::ModelSpec spec;
    spec.set_type(GetParam().type);
    spec.set_pooling(GetParam().pooling);
    network_ = *BuildNetwork(spec, GetParam().data_shape, 3);
    SeededRandom random(8);
    InitializeParameters(random, network_);
    samples_.resize(static_cast<size_t>(50 * network_.SampleSize()));
    for (float& value : samples_) value = 2 * UniformFloat(random) - 1;
  }

  Network network_;
  std::vector<float> samples_;
};

TEST_P(ExportTest, ComesBackAsTheSameNetwork) {
  const auto bytes = SerializeModel(ExportNetwork(network_));
  ASSERT_TRUE(bytes.ok());
  const auto model = ParseModel(*bytes);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto network = ImportNetwork(*model);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->sample_shape, network_.sample_shape);
  EXPECT_EQ(FlatParameters(*network), FlatParameters(network_));
  EXPECT_EQ(Predict(*network, samples_), Predict(network_, samples_));
}

TEST_P(ExportTest, EqualNetworksGiveEqualBytes) {
  const Network copy = network_;
  EXPECT_EQ(*SerializeModel(ExportNetwork(copy)), *SerializeModel(ExportNetwork(network_)));
}

TEST_P(ExportTest, SizesAreThoseOfTheNetwork) {
  const onnx::ModelProto model = ExportNetwork(network_);
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(), static_cast<uint64_t>(network_.ParameterCount()));
}

TEST_P(ExportTest, QuantizedModelIsSound) {
  const QuantizedNetwork quantized = *QuantizeNetwork(network_, samples_);
  const onnx::ModelProto model = ExportNetwork(quantized);
  ASSERT_TRUE(ValidateModel(model).ok()) << ValidateModel(model);
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(), static_cast<uint64_t>(network_.ParameterCount()));
  EXPECT_EQ(*SerializeModel(ExportNetwork(quantized)), *SerializeModel(model));
  EXPECT_FALSE(ImportNetwork(model).ok()) << "an int8 model is no checkpoint";
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, ExportTest,
    testing::Values(Layout{"Cnn", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 5}},
                    Layout{"Window", v1::MODEL_TYPE_TINYCNN, v1::POOLING_GLOBAL_AVERAGE, {5, 7}},
                    Layout{"Image", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 9, 8}},
                    Layout{"Mlp", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5}},
                    Layout{"MlpOfWindow", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {5, 7}}),
    [](const auto& test) { return test.param.name; });

// Gemm with the weights the other way round, without a bias, as other exporters write it.
TEST(ImportTest, GemmWithoutTransposeAndBias) {
  OnnxBuilder builder("foreign");
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6};
  builder.AddInput("x", {-1, 3});
  builder.AddInitializer("w", {3, 2}, absl::MakeConstSpan(weights));
  builder.AddNode("Gemm", {"x", "w"}, {"y"});
  builder.AddOutput("y", {-1, 2});
  const auto network = ImportNetwork(builder.Build());
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_THAT(Predict(*network, {1, 10, 100}), ElementsAre(531, 642));
}

TEST(ImportTest, SaysWhichNodeIsStrange) {
  OnnxBuilder builder("foreign");
  builder.AddInput("x", {-1, 3});
  builder.AddNode("Sigmoid", {"x"}, {"y"});
  builder.AddOutput("y", {-1, 3});
  const auto network = ImportNetwork(builder.Build());
  EXPECT_EQ(network.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(network.status().message()), HasSubstr("Sigmoid"));
}

TEST(ImportTest, EvenKernelIsRefused) {
  OnnxBuilder builder("foreign");
  const std::vector<float> weights = {1, 2};
  builder.AddInput("x", {-1, 1, 4});
  builder.AddInitializer("w", {1, 1, 2}, absl::MakeConstSpan(weights));
  builder.AddNode("Conv", {"x", "w"}, {"c"});
  builder.AddNode("Flatten", {"c"}, {"y"});
  builder.AddOutput("y", {-1, 3});
  EXPECT_EQ(ImportNetwork(builder.Build()).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(ImportTest, KnnComesBack) {
  const KnnModel knn =
      *MakeKnnRegressor(1, KnnWeighting::kUniform, {{2, 1}, {0, 1}}, {{2}, {5, 6}});
  const auto model = ImportModel(ExportModel(TrainedModel(knn)));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(PredictModel(*model, {0.9F}), ElementsAre(6));
}

}  // namespace
}  // namespace tinyjoule
