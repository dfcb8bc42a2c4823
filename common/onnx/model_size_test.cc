// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/model_size.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/onnx/knn_model.h"
#include "common/onnx/model_file.h"
#include "common/onnx/onnx_builder.h"

namespace tinyjoule {
namespace {

// Chains layers with weights of 0.5, so that every parameter is there and is not 0.
class Chain {
 public:
  explicit Chain(const Shape& input) { builder_.AddInput("input", input); }

  Chain& Conv(int64_t inputs, int64_t outputs, int64_t kernel) {
    return Layer("Conv", {outputs, inputs, kernel},
                 {IntsAttribute("pads", {kernel / 2, kernel / 2})});
  }
  // With "same" padding as TensorFlow has it: of an odd border the larger half is behind.
  Chain& Conv2d(const Shape& weights, int64_t stride, int64_t groups) {
    return Layer("Conv", weights,
                 {IntAttribute("group", groups), IntsAttribute("strides", {stride, stride}),
                  StringAttribute("auto_pad", "SAME_UPPER")});
  }
  const std::string& current() const { return current_; }
  Chain& GoBackTo(const std::string& value) {
    current_ = value;
    return *this;
  }
  Chain& AddTo(const std::string& value) {
    const std::string sum = "v" + std::to_string(++count_);
    builder_.AddNode("Add", {current_, value}, {sum});
    current_ = sum;
    return *this;
  }
  Chain& Dense(int64_t inputs, int64_t outputs) {
    return Layer("Gemm", {outputs, inputs}, {IntAttribute("transB", 1)});
  }
  Chain& Add(const std::string& op_type, const std::vector<onnx::AttributeProto>& attributes = {}) {
    const std::string result = "v" + std::to_string(++count_);
    builder_.AddNode(op_type, {current_}, {result}, attributes);
    current_ = result;
    return *this;
  }

  v1::ModelSize Measure() {
    builder_.AddNode("Identity", {current_}, {"output"});
    builder_.AddOutput("output", {-1, 1});
    const onnx::ModelProto model = builder_.Build();
    const absl::StatusOr<v1::ModelSize> size = MeasureModel(model, *SerializeModel(model));
    EXPECT_TRUE(size.ok()) << size.status();
    return size.value_or(v1::ModelSize());
  }

 private:
  Chain& Layer(const std::string& op_type, const Shape& shape,
               const std::vector<onnx::AttributeProto>& attributes) {
    const std::string id = std::to_string(++count_);
    const size_t weights = static_cast<size_t>(ElementCount(shape));
    builder_.AddInitializer("w" + id, shape, std::vector<float>(weights, 0.5f));
    builder_.AddInitializer("b" + id, {shape[0]},
                            std::vector<float>(static_cast<size_t>(shape[0]), 0.5f));
    builder_.AddNode(op_type, {current_, "w" + id, "b" + id}, {"v" + id}, attributes);
    current_ = "v" + id;
    return *this;
  }

  OnnxBuilder builder_{"chain"};
  std::string current_ = "input";
  int count_ = 0;
};

v1::ModelSize MeasureCnn(int64_t first, int64_t second, int64_t kernel, int64_t dense) {
  return Chain({-1, 1, 5})
      .Conv(1, first, kernel)
      .Add("Relu")
      .Conv(first, second, kernel)
      .Add("Relu")
      .Add("Flatten")
      .Dense(5 * second, dense)
      .Add("Relu")
      .Dense(dense, 1)
      .Measure();
}

v1::ModelSize MeasureWindowedCnn(int64_t channels) {
  return Chain({-1, 7, 5})
      .Add("Transpose", {IntsAttribute("perm", {0, 2, 1})})
      .Conv(5, channels, 5)
      .Add("Relu")
      .Conv(channels, channels, 5)
      .Add("Relu")
      .Add("GlobalAveragePool")
      .Add("Flatten")
      .Dense(channels, 1)
      .Measure();
}

v1::ModelSize MeasureWindowedMlp(int64_t hidden) {
  return Chain({-1, 7, 5}).Add("Flatten").Dense(35, hidden).Add("Relu").Dense(hidden, 1).Measure();
}

// The parameter counts of the reference study; MACs and activations by hand.
TEST(ModelSizeTest, TinyCnn) {
  const v1::ModelSize size = MeasureCnn(8, 16, 3, 32);
  EXPECT_EQ(size.parameter_count(), 3057u);
  EXPECT_EQ(size.nonzero_count(), 3057u);
  EXPECT_EQ(size.sparsity(), 0.0);
  // 8x5 outputs of 3, 16x5 of 24, 32 of 80, 1 of 32.
  EXPECT_EQ(size.mac_count(), 40u * 3 + 80 * 24 + 32 * 80 + 32);
  // The second convolution reads 40 floats and writes 80.
  EXPECT_EQ(size.peak_activation_bytes(), (40u + 80) * 4);
  EXPECT_GT(size.model_bytes(), 3057u * 4);
  EXPECT_EQ(size.model_bytes_sparse(), size.model_bytes());
  // Weights of one value compress well.
  EXPECT_LT(size.model_bytes_zstd(), size.model_bytes() / 10);
}

TEST(ModelSizeTest, ParametersOfTheStudysModels) {
  EXPECT_EQ(MeasureCnn(4, 8, 3, 16).parameter_count(), 793u);
  EXPECT_EQ(MeasureCnn(8, 16, 5, 64).parameter_count(), 5953u);
  EXPECT_EQ(MeasureWindowedCnn(16).parameter_count(), 1729u);
  EXPECT_EQ(MeasureWindowedCnn(8).parameter_count(), 545u);
  EXPECT_EQ(MeasureWindowedMlp(8).parameter_count(), 297u);
  EXPECT_EQ(MeasureWindowedMlp(4).parameter_count(), 149u);
}

TEST(ModelSizeTest, TinyMlp) {
  const v1::ModelSize size =
      Chain({-1, 5}).Dense(5, 64).Add("Relu").Dense(64, 32).Add("Relu").Dense(32, 1).Measure();
  EXPECT_EQ(size.parameter_count(), 2497u);
  EXPECT_EQ(size.mac_count(), 5u * 64 + 64 * 32 + 32);
  EXPECT_EQ(size.peak_activation_bytes(), (64u + 32) * 4);
}

// 4 x 8 weights with three nonzeros: 3 x (4 + 1) bytes of values and columns, 5 row pointers of 1
// byte = 20 in the place of 128. The dense bias stays: 4 x 5 + 5 is more than 16.
TEST(ModelSizeTest, SparseBytesCountTheirIndices) {
  std::vector<float> weights(32, 0.0f);
  weights[0] = weights[9] = weights[31] = 1;
  weights[5] = -0.0f;
  OnnxBuilder builder("sparse");
  builder.AddInput("input", {-1, 8});
  builder.AddInitializer("w", {4, 8}, weights);
  builder.AddInitializer("b", {4}, std::vector<float>{1, 1, 1, 1});
  builder.AddNode("Gemm", {"input", "w", "b"}, {"output"}, {IntAttribute("transB", 1)});
  builder.AddOutput("output", {-1, 4});
  const onnx::ModelProto model = builder.Build();
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(), 36u);
  EXPECT_EQ(size->nonzero_count(), 7u);
  EXPECT_DOUBLE_EQ(size->sparsity(), 29.0 / 36);
  EXPECT_EQ(size->model_bytes_sparse(), size->model_bytes() - 128 + 20);
  EXPECT_EQ(size->model_bytes_dense(), size->model_bytes());
  // The weights are 0 or 1: 32 bits of indices and 2 values; the biases are one value.
  EXPECT_EQ(size->model_bytes_clustered(), size->model_bytes() - 128 + (4 + 8) - 16 + 4);
}

// 3 x 7 weights of five values (-0 is 0): 21 indices of 3 bits are 63 bits, 8 bytes, and 20 bytes
// of values. Biases of three values: 6 bits and 12 bytes are more than 12.
TEST(ModelSizeTest, ClusteredBytesCountTheirCodebook) {
  std::vector<float> weights;
  for (int i = 0; i < 21; ++i) weights.push_back(static_cast<float>(i % 5));
  weights[10] = -0.0f;
  OnnxBuilder builder("clustered");
  builder.AddInput("input", {-1, 7});
  builder.AddInitializer("w", {3, 7}, weights);
  builder.AddInitializer("b", {3}, std::vector<float>{1, 2, 3});
  builder.AddNode("Gemm", {"input", "w", "b"}, {"output"}, {IntAttribute("transB", 1)});
  builder.AddOutput("output", {-1, 3});
  const onnx::ModelProto model = builder.Build();
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->model_bytes_clustered(), size->model_bytes() - 84 + 8 + 20);
}

// DS-CNN of MLPerf Tiny (Banbury et al. 2021): published with 2.66 million MACs. By hand: 40 taps
// for 64 x 25 x 5 values, four times 9 taps and 64 for as many, and 64 x 12.
TEST(ModelSizeTest, MacsOfADepthwiseSeparableNetwork) {
  Chain chain({-1, 1, 49, 10});
  chain.Conv2d({64, 1, 10, 4}, 2, 1).Add("Relu");
  for (int block = 0; block < 4; ++block) {
    chain.Conv2d({64, 1, 3, 3}, 1, 64).Add("Relu").Conv2d({64, 64, 1, 1}, 1, 1).Add("Relu");
  }
  const v1::ModelSize size = chain.Add("GlobalAveragePool").Add("Flatten").Dense(64, 12).Measure();
  EXPECT_EQ(size.mac_count(), 64u * 125 * 40 + 4 * 64 * 125 * (9 + 64) + 64 * 12);
  EXPECT_EQ(size.mac_count(), 2'656'768u);
  EXPECT_EQ(size.parameter_count(), 64u * 41 + 4 * 64 * (9 + 1 + 64 + 1) + 65 * 12);
  // A layer's input and output of 64 x 25 x 5.
  EXPECT_EQ(size.peak_activation_bytes(), 2u * 64 * 125 * 4);
}

// ResNet-8 of MLPerf Tiny, normalisation folded: published with 12.5 million MACs.
TEST(ModelSizeTest, MacsAndActivationsOfAResidualNetwork) {
  Chain chain({-1, 3, 32, 32});
  chain.Conv2d({16, 3, 3, 3}, 1, 1).Add("Relu");
  int64_t channels = 16;
  for (const int64_t wide : {16, 32, 64}) {
    const int64_t stride = wide == channels ? 1 : 2;
    std::string skipped = chain.current();
    const std::string block = skipped;
    if (stride == 2) skipped = chain.Conv2d({wide, channels, 1, 1}, 2, 1).current();
    chain.GoBackTo(block).Conv2d({wide, channels, 3, 3}, stride, 1).Add("Relu");
    chain.Conv2d({wide, wide, 3, 3}, 1, 1).AddTo(skipped).Add("Relu");
    channels = wide;
  }
  const v1::ModelSize size = chain.Add("GlobalAveragePool").Add("Flatten").Dense(64, 10).Measure();
  EXPECT_EQ(size.mac_count(), 12'501'632u);
  EXPECT_EQ(size.parameter_count(), 77'706u);
  // In the first block, 16 x 32 x 32 three times: what is skipped over, and the input and output of
  // the second convolution, or both summands and the sum.
  EXPECT_EQ(size.peak_activation_bytes(), 3u * 16 * 32 * 32 * 4);
}

// Int8 weights and int32 biases count, scales and zero points do not; between Quantize and
// Dequantize an activation is one byte.
TEST(ModelSizeTest, QuantisedModel) {
  OnnxBuilder builder("int8");
  builder.AddInput("input", {-1, 4});
  builder.AddScalar("s", 0.1f);
  builder.AddScalar("z", int8_t{0});
  builder.AddInitializer("w", {2, 4}, std::vector<int8_t>{1, 2, 3, 4, 0, 6, 7, 8});
  builder.AddInitializer("b", {2}, std::vector<int32_t>{100, 0});
  builder.AddNode("QuantizeLinear", {"input", "s", "z"}, {"q0"});
  builder.AddNode("DequantizeLinear", {"q0", "s", "z"}, {"d0"});
  builder.AddNode("DequantizeLinear", {"w", "s", "z"}, {"dw"});
  builder.AddNode("DequantizeLinear", {"b", "s"}, {"db"});
  builder.AddNode("Gemm", {"d0", "dw", "db"}, {"y"}, {IntAttribute("transB", 1)});
  builder.AddNode("QuantizeLinear", {"y", "s", "z"}, {"q1"});
  builder.AddNode("DequantizeLinear", {"q1", "s", "z"}, {"output"});
  builder.AddOutput("output", {-1, 2});
  const onnx::ModelProto model = builder.Build();
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(), 10u);
  EXPECT_EQ(size->nonzero_count(), 8u);
  EXPECT_EQ(size->mac_count(), 8u);
  // The input of 16 bytes and its int8 form of 4.
  EXPECT_EQ(size->peak_activation_bytes(), 20u);
}

TEST(ModelSizeTest, NearestNeighboursCountTheirPoints) {
  const auto knn =
      MakeKnnRegressor(2, KnnWeighting::kDistance, {{3, 2}, {1, 2, 3, 0, 5, 6}}, {{3}, {1, 2, 3}});
  ASSERT_TRUE(knn.ok()) << knn.status();
  for (const KnnModel& each : {*knn, QuantizeKnnPoints(*knn)}) {
    const onnx::ModelProto model = BuildKnnModel(each);
    const auto size = MeasureModel(model, *SerializeModel(model));
    ASSERT_TRUE(size.ok()) << size.status();
    EXPECT_EQ(size->parameter_count(), 6u);
    EXPECT_EQ(size->nonzero_count(), 5u);
    EXPECT_EQ(size->mac_count(), 6u);
    // Two features, two neighbours of 8 bytes, one output.
    EXPECT_EQ(size->peak_activation_bytes(), 8u + 16 + 4);
  }
}

}  // namespace
}  // namespace tinyjoule
