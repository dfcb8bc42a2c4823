// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/knn_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/onnx/model_file.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;

const FloatTensor kPoints = {{3, 2}, {1, -10, 0.5f, 20, -2, 5}};

KnnModel Regressor() {
  return *MakeKnnRegressor(2, KnnWeighting::kDistance, kPoints, {{3}, {1, 2, 3}});
}

TEST(KnnModelTest, RefusesWhatIsNoModel) {
  const auto code = [](const auto& model) { return model.status().code(); };
  const FloatTensor targets = {{3}, {1, 2, 3}};
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto weights = KnnWeighting::kUniform;
  EXPECT_EQ(code(MakeKnnRegressor(0, weights, kPoints, targets)), kInvalid);
  EXPECT_EQ(code(MakeKnnRegressor(4, weights, kPoints, targets)), kInvalid);
  EXPECT_EQ(code(MakeKnnRegressor(1, weights, kPoints, {{2}, {1, 2}})), kInvalid);
  EXPECT_EQ(code(MakeKnnRegressor(1, weights, {{1, 1}, {NAN}}, {{1}, {1}})), kInvalid);
  EXPECT_EQ(code(MakeKnnClassifier(1, weights, kPoints, {0, 1, 2}, 2)), kInvalid);
  EXPECT_EQ(code(MakeKnnClassifier(1, weights, kPoints, {0, 1}, 2)), kInvalid);
}

// Largest magnitudes 2 and 20: steps of 2/127 and 20/127.
TEST(KnnModelTest, QuantisesPerFeature) {
  const KnnModel model = QuantizeKnnPoints(Regressor());
  EXPECT_THAT(model.scales, ElementsAre(2.0f / 127, 20.0f / 127));
  // 1 / (2/127) = 63.5 rounds to the even 64, -10 / (20/127) = -63.5 to -64.
  EXPECT_THAT(model.quantized_points, ElementsAre(64, -64, 32, 127, -127, 32));
  EXPECT_NEAR(KnnPointValues(model)[0], 64 * 2.0 / 127, 1e-6);
  EXPECT_TRUE(model.points.empty());
}

// 2049 lies between 2048 and 2050, half way: to even.
TEST(KnnModelTest, RoundsPointsToHalf) {
  KnnModel model = Regressor();
  model.points[0] = 2049;
  model.points[1] = 0.1f;
  const auto half = RoundKnnPointsToHalf(model);
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_EQ(half->points[0], 2048);
  EXPECT_EQ(half->points[1], 0.0999755859375f);
  EXPECT_EQ(KnnPointValues(*half), half->points);
  model.points[0] = 70'000;
  EXPECT_FALSE(RoundKnnPointsToHalf(model).ok());
  EXPECT_FALSE(RoundKnnPointsToHalf(QuantizeKnnPoints(model)).ok());
}

TEST(KnnModelTest, HalfPointsTakeHalfTheBytes) {
  const KnnModel half = *RoundKnnPointsToHalf(Regressor());
  const onnx::ModelProto model = BuildKnnModel(half);
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.name() == "knn_points") {
      EXPECT_EQ(tensor.raw_data().size(), 12u);
    }
  }
}

TEST(KnnModelTest, GraphIsSoundAndReadsBack) {
  const KnnModel classifier = *MakeKnnClassifier(1, KnnWeighting::kUniform, kPoints, {0, 1, 1}, 2);
  for (const KnnModel& model : {Regressor(), QuantizeKnnPoints(Regressor()),
                                *RoundKnnPointsToHalf(Regressor()), classifier}) {
    const onnx::ModelProto onnx_model = BuildKnnModel(model);
    const auto graph = OnnxGraph::Create(onnx_model);
    ASSERT_TRUE(graph.ok()) << graph.status();
    EXPECT_EQ(graph->value(graph->output()).shape, (Shape{1, model.output_count()}));
    ASSERT_TRUE(IsKnnModel(onnx_model));
    const auto read = ReadKnnModel(onnx_model);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->k, model.k);
    EXPECT_EQ(read->weights, model.weights);
    EXPECT_EQ(read->points, model.points);
    EXPECT_EQ(read->quantized_points, model.quantized_points);
    EXPECT_EQ(read->half_points, model.half_points);
    EXPECT_EQ(read->scales, model.scales);
    EXPECT_EQ(read->targets, model.targets);
    EXPECT_EQ(read->classes, model.classes);
    EXPECT_EQ(*SerializeModel(BuildKnnModel(*read)), *SerializeModel(onnx_model));
  }
}

// Metadata alone are no proof: another graph under the same metadata must not run as k-NN.
TEST(KnnModelTest, RefusesAnotherGraphUnderItsMetadata) {
  onnx::ModelProto other_operator = BuildKnnModel(Regressor());
  other_operator.mutable_graph()->mutable_node(1)->set_op_type("Add");
  EXPECT_FALSE(ReadKnnModel(other_operator).ok());
  onnx::ModelProto other_k = BuildKnnModel(Regressor());
  other_k.mutable_metadata_props(1)->set_value("3");
  EXPECT_FALSE(ReadKnnModel(other_k).ok());
  onnx::ModelProto no_points = BuildKnnModel(Regressor());
  no_points.mutable_graph()->mutable_initializer(0)->set_name("other");
  EXPECT_FALSE(ReadKnnModel(no_points).ok());
}

}  // namespace
}  // namespace tinyjoule
