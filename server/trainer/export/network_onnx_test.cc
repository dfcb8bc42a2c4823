// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/export/network_onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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
    // Normalisation that does something.
    for (Layer& layer : network_.layers) {
      for (float& value : layer.mean) value = 0.2F * UniformFloat(random);
      for (float& value : layer.variance) value = 0.5F + UniformFloat(random);
    }
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

TEST_P(ExportTest, FoldedNetworkPredictsTheSame) {
  const std::vector<float> expected = Predict(network_, samples_);
  const std::vector<float> folded = Predict(FoldBatchNorm(network_), samples_);
  ASSERT_EQ(folded.size(), expected.size());
  float largest = 1;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(folded[i], expected[i], 1e-4F * largest) << i;
  }
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

struct PublishedSize {
  v1::ModelType type;
  std::vector<int64_t> data_shape;
  int64_t outputs;
  uint64_t parameters;
  uint64_t macs;
  uint64_t peak_values;
};

// Batch normalisation folded away, as on a device. Multiplications by hand, place by place: 12.5,
// 2.7, 7.5 and 0.26 million, as MLPerf Tiny's figures are quoted (Banbury et al. 2021). Activations
// at once: the three maps of 16 x 32 x 32 in the first residual block; two maps of 64 x 25 x 5; a
// map of 8 x 48 x 48 and one of 16 x 48 x 48; 640 + 128 values.
TEST(MlPerfTinySizeTest, IsWhatIsPublished) {
  const PublishedSize published[] = {
      {v1::MODEL_TYPE_RESNET8, {3, 32, 32}, 10, 77'706, 12'501'632, 3 * 16'384},
      {v1::MODEL_TYPE_DS_CNN, {1, 49, 10}, 12, 22'604, 2'656'768, 2 * 8'000},
      {v1::MODEL_TYPE_MOBILENET_V1, {3, 96, 96}, 2, 210'850, 7'489'664, 18'432 + 36'864},
      {v1::MODEL_TYPE_AUTOENCODER, {1, 640}, 640, 265'864, 264'192, 640 + 128}};
  for (const PublishedSize& expected : published) {
    v1::ModelSpec spec;
    spec.set_type(expected.type);
    const Network network = *BuildNetwork(spec, expected.data_shape, expected.outputs);
    const Network folded = FoldBatchNorm(network);
    EXPECT_EQ(folded.MomentCount(), 0);
    const onnx::ModelProto model = ExportNetwork(folded);
    const auto size = MeasureModel(model, *SerializeModel(model));
    ASSERT_TRUE(size.ok()) << size.status();
    EXPECT_EQ(size->parameter_count(), expected.parameters);
    EXPECT_EQ(size->mac_count(), expected.macs);
    EXPECT_EQ(size->peak_activation_bytes(), expected.peak_values * sizeof(float));
  }
}

// float16 halves the bytes of the parameters; what stays are names and nodes.
TEST_P(ExportTest, HalfModelIsSound) {
  const HalfNetwork half = *RoundToHalf(network_);
  const onnx::ModelProto model = ExportNetwork(half);
  ASSERT_TRUE(ValidateModel(model).ok()) << ValidateModel(model);
  size_t bytes = 0;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    EXPECT_EQ(tensor.data_type(), onnx::TensorProto::FLOAT16);
    bytes += tensor.raw_data().size();
  }
  EXPECT_EQ(bytes, static_cast<size_t>(2 * FoldBatchNorm(network_).ParameterCount()));
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(),
            static_cast<uint64_t>(FoldBatchNorm(network_).ParameterCount()));
}

TEST_P(ExportTest, DynamicModelIsSound) {
  const DynamicNetwork dynamic = *QuantizeDynamically(network_, /*per_channel=*/true);
  const onnx::ModelProto model = ExportNetwork(dynamic);
  ASSERT_TRUE(ValidateModel(model).ok()) << ValidateModel(model);
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(),
            static_cast<uint64_t>(FoldBatchNorm(network_).ParameterCount()));
  EXPECT_FALSE(ImportNetwork(model).ok()) << "an int8 model is no checkpoint";
}

TEST_P(ExportTest, QuantizedModelIsSound) {
  const QuantizedNetwork quantized = *QuantizeNetwork(network_, samples_);
  const onnx::ModelProto model = ExportNetwork(quantized);
  ASSERT_TRUE(ValidateModel(model).ok()) << ValidateModel(model);
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(),
            static_cast<uint64_t>(FoldBatchNorm(network_).ParameterCount()));
  EXPECT_EQ(*SerializeModel(ExportNetwork(quantized)), *SerializeModel(model));
  EXPECT_FALSE(ImportNetwork(model).ok()) << "an int8 model is no checkpoint";
}

// All that its file says: the same bytes, and with int8 ends those of a network that was quantised
// with int8 ends.
TEST_P(ExportTest, QuantizedModelComesBack) {
  for (const bool per_channel : {true, false}) {
    QuantizeOptions options;
    options.per_channel = per_channel;
    const onnx::ModelProto model = ExportNetwork(*QuantizeNetwork(network_, samples_, options));
    auto imported = ImportQuantizedNetwork(model);
    ASSERT_TRUE(imported.ok()) << imported.status();
    EXPECT_EQ(*SerializeModel(ExportNetwork(*imported)), *SerializeModel(model));
    options.int8_io = true;
    const QuantizedNetwork int8_ends = *QuantizeNetwork(network_, samples_, options);
    imported->int8_io = true;
    EXPECT_EQ(*SerializeModel(ExportNetwork(*imported)), *SerializeModel(ExportNetwork(int8_ends)));
    EXPECT_EQ(Predict(*imported, samples_), Predict(int8_ends, samples_));
    EXPECT_EQ(ImportQuantizedNetwork(ExportNetwork(int8_ends)).status().code(),
              absl::StatusCode::kUnimplemented);
  }
}

// A float32 sum near a half may lie on its other side, which is rare and tolerated.
TEST_P(ExportTest, WholeStepsAndFloatsPredictTheSame) {
  const QuantizedNetwork quantized = *QuantizeNetwork(network_, samples_);
  const std::vector<float> steps = Predict(quantized, samples_);
  const std::vector<float> floats = PredictInFloats(quantized, samples_);
  ASSERT_EQ(floats.size(), steps.size());
  const double tolerance = PredictionTolerance(TrainedModel(quantized), samples_, steps);
  EXPECT_GE(tolerance, quantized.OutputStep());
  size_t others = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_LE(std::abs(steps[i] - floats[i]), tolerance / 2) << i;
    if (std::abs(steps[i] - floats[i]) > 0.5F * quantized.OutputStep()) ++others;
  }
  EXPECT_LE(others, steps.size() / 20);
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, ExportTest,
    testing::Values(Layout{"Cnn", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 5}},
                    Layout{"Window", v1::MODEL_TYPE_TINYCNN, v1::POOLING_GLOBAL_AVERAGE, {5, 7}},
                    Layout{"Image", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 9, 8}},
                    Layout{"Mlp", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5}},
                    Layout{"MlpOfWindow", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {5, 7}},
                    Layout{"ResNet", v1::MODEL_TYPE_RESNET8, v1::POOLING_NONE, {2, 13, 9}},
                    Layout{"DsCnn", v1::MODEL_TYPE_DS_CNN, v1::POOLING_NONE, {1, 15, 8}},
                    Layout{"MobileNet", v1::MODEL_TYPE_MOBILENET_V1, v1::POOLING_NONE, {3, 20, 24}},
                    Layout{"Autoencoder", v1::MODEL_TYPE_AUTOENCODER, v1::POOLING_NONE, {1, 6, 5}}),
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

// y = relu(norm(conv(x)) + x): strides, padding by name, another epsilon, and a ReLU that stands
// apart from what it reads. The kernel 1, 2, 3 over x = 1, 2, 3, 4 gives 8, 14, 20, 11; with mean
// 8, variance 3, epsilon 1, scale 2 and bias 1 that is 1, 7, 13, 4.
TEST(ImportTest, JoinsAndNormalisationOfOthers) {
  OnnxBuilder builder("foreign");
  const auto add_vector = [&](const char* name, float value) {
    const std::vector<float> values = {value};
    builder.AddInitializer(name, {1}, absl::MakeConstSpan(values));
  };
  const std::vector<float> kernel = {1, 2, 3};
  builder.AddInput("x", {-1, 1, 4});
  builder.AddInitializer("w", {1, 1, 3}, absl::MakeConstSpan(kernel));
  add_vector("scale", 2);
  add_vector("bias", 1);
  add_vector("mean", 8);
  add_vector("variance", 3);
  builder.AddNode("Conv", {"x", "w"}, {"c"}, {StringAttribute("auto_pad", "SAME_UPPER")});
  builder.AddNode("BatchNormalization", {"c", "scale", "bias", "mean", "variance"}, {"n"},
                  {FloatAttribute("epsilon", 1)});
  builder.AddNode("Add", {"x", "n"}, {"s"});
  builder.AddNode("Relu", {"s"}, {"r"});
  builder.AddNode("Flatten", {"r"}, {"y"});
  builder.AddOutput("y", {-1, 4});
  const auto network = ImportNetwork(builder.Build());
  ASSERT_TRUE(network.ok()) << network.status();
  const std::vector<float> outputs = Predict(*network, {1, 2, 3, 4, -9, 0, 0, 0});
  const float expected[] = {2, 9, 16, 8};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(outputs[i], expected[i], 1e-4F) << i;
  EXPECT_EQ(outputs[4], 0.0F);
}

// As PyTorch pads a stride of 2, a row and a column in front, and not at all; the plain loops of
// the reference operators, which pass ONNX's own tests, are the other opinion.
TEST(ImportTest, AnyPaddingIsKept) {
  OnnxBuilder builder("foreign");
  SeededRandom random(4);
  const auto add_weights = [&](const char* name, const std::vector<int64_t>& shape) {
    std::vector<float> values(static_cast<size_t>(ElementCount(shape)));
    for (float& value : values) value = 2 * UniformFloat(random) - 1;
    builder.AddInitializer(name, shape, absl::MakeConstSpan(values));
  };
  builder.AddInput("x", {-1, 2, 8, 7});
  add_weights("w1", {3, 2, 3, 3});
  add_weights("w2", {4, 3, 2, 3});
  add_weights("w3", {5, 36});
  const std::vector<int64_t> flat = {-1, 36};
  builder.AddInitializer("flat", {2}, absl::MakeConstSpan(flat));
  builder.AddNode("Conv", {"x", "w1"}, {"c"},
                  {IntsAttribute("pads", {1, 1, 1, 1}), IntsAttribute("strides", {2, 2})});
  builder.AddNode("Relu", {"c"}, {"r"});
  builder.AddNode("Conv", {"r", "w2"}, {"d"}, {IntsAttribute("pads", {0, 1, 0, 0})});
  builder.AddNode("Reshape", {"d", "flat"}, {"f"});
  builder.AddNode("Gemm", {"f", "w3"}, {"y"}, {IntAttribute("transB", 1)});
  builder.AddOutput("y", {-1, 5});
  const onnx::ModelProto model = builder.Build();
  const auto network = ImportNetwork(model);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->layers[0].PadTop(), 1);
  EXPECT_EQ(network->layers[0].PadBottom(), 0);
  const auto given = ReadGivenModel(*SerializeModel(model));
  ASSERT_TRUE(given.ok()) << given.status();
  std::vector<float> samples(5 * 2 * 8 * 7);
  for (float& value : samples) value = 2 * UniformFloat(random) - 1;
  const std::vector<float> expected = Predict(*given, samples);
  const std::vector<float> imported = Predict(*network, samples);
  const auto again = ImportNetwork(ExportNetwork(*network));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Predict(*again, samples), imported);
  ASSERT_EQ(imported.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(imported[i], expected[i], 1e-5F) << i;
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

TEST(ImportTest, KnnComesBack) {
  const KnnModel knn =
      *MakeKnnRegressor(1, KnnWeighting::kUniform, {{2, 1}, {0, 1}}, {{2}, {5, 6}});
  const auto model = ImportModel(ExportModel(TrainedModel(knn)));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(PredictModel(*model, {0.9F}), ElementsAre(6));
}

}  // namespace
}  // namespace tinyjoule
