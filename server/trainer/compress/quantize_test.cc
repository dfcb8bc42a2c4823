// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

TEST(QuantizationOfTest, CoversTheRangeAndHitsZero) {
  const Quantization positive = QuantizationOf(0, 2.55F);
  EXPECT_FLOAT_EQ(positive.scale, 0.01F);
  EXPECT_EQ(positive.zero_point, -128);
  const Quantization both = QuantizationOf(-1, 1.55F);
  EXPECT_FLOAT_EQ(both.scale, 0.01F);
  EXPECT_EQ(both.zero_point, -28);
  EXPECT_EQ(DequantizeValue(both, QuantizeValue(both, 0)), 0);
  // A range on one side of zero grows to it.
  EXPECT_FLOAT_EQ(QuantizationOf(1, 2.55F).scale, 0.01F);
  EXPECT_EQ(QuantizationOf(0, 0), Quantization{});
}

// ONNX's QuantizeLinear: round half to even, then saturate.
TEST(QuantizeValueTest, RoundsHalfToEvenAndSaturates) {
  const Quantization quantization{2.0F, 1};
  EXPECT_EQ(QuantizeValue(quantization, 1.0F), 1);
  EXPECT_EQ(QuantizeValue(quantization, 3.0F), 3);
  EXPECT_EQ(QuantizeValue(quantization, 5.0F), 3);
  EXPECT_EQ(QuantizeValue(quantization, 1e9F), 127);
  EXPECT_EQ(QuantizeValue(quantization, -1e9F), -128);
}

TEST(LeastSquaresQuantizationTest, CutsALoneOutlierAmongMany) {
  std::vector<float> values;
  for (int i = 0; i < 100'000; ++i) values.push_back(static_cast<float>(i % 100) / 100);
  values.push_back(1.5F);
  const Quantization quantization = LeastSquaresQuantization(values);
  EXPECT_LT(quantization.scale, 1.45F / 255);
  EXPECT_GT(quantization.scale, 0.9F / 255);
  const std::vector<float> even(values.begin(), values.end() - 1);
  EXPECT_NEAR(LeastSquaresQuantization(even).scale, 0.99F / 255, 0.03F / 255);
}

struct Layout {
  const char* name;
  v1::ModelType type;
  v1::Pooling pooling;
  std::vector<int64_t> data_shape;
};

class QuantizeNetworkTest : public testing::TestWithParam<Layout> {
 protected:
  void SetUp() override {
    v1::ModelSpec spec;
    spec.set_type(GetParam().type);
    spec.set_pooling(GetParam().pooling);
    network_ = *BuildNetwork(spec, GetParam().data_shape, 2);
    SeededRandom random(8);
    InitializeParameters(random, network_);
    samples_.resize(static_cast<size_t>(kRows * network_.SampleSize()));
    for (float& value : samples_) value = 6 * UniformFloat(random) - 3;
  }

  static constexpr int64_t kRows = 77;
  Network network_;
  std::vector<float> samples_;
};

// The chain of QuantizeLinear and DequantizeLinear in plain float operators: a float network whose
// parameters are the dequantised ones, every value rounded to its scale behind each layer. This is
// what ONNX defines, computed another way than by sums of integers.
class FakeQuantized {
 public:
  explicit FakeQuantized(const QuantizedNetwork& network) : network_(network) {}

  std::vector<float> Run(const std::vector<float>& samples) const {
    std::vector<float> values = samples;
    Round(network_.input, values);
    Quantization at = network_.input;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      values = Predict(SingleLayer(network_.layers[i], at.scale), values);
      at = network_.layers[i].output;
      const bool relu_follows =
          i + 1 < network_.layers.size() && network_.layers[i + 1].layer.kind == LayerKind::kRelu;
      if (!relu_follows) Round(at, values);
    }
    return values;
  }

 private:
  static void Round(const Quantization& quantization, std::vector<float>& values) {
    for (float& value : values) {
      value = DequantizeValue(quantization, QuantizeValue(quantization, value));
    }
  }

  static Network SingleLayer(const QuantizedLayer& quantized, float in_scale) {
    Network single;
    Layer layer = quantized.layer;
    for (size_t i = 0; i < quantized.weight.size(); ++i) {
      const size_t channel = i / static_cast<size_t>(layer.FanIn());
      layer.weight.push_back(quantized.weight[i] * quantized.weight_scale[channel]);
    }
    for (size_t o = 0; o < quantized.bias.size(); ++o) {
      layer.bias.push_back(static_cast<float>(quantized.bias[o]) * in_scale *
                           quantized.weight_scale[o]);
    }
    if (layer.kind == LayerKind::kRelu || layer.kind == LayerKind::kFlatten) {
      layer = Identity(layer.in.size(), layer.kind == LayerKind::kRelu, single);
    }
    single.layers.insert(single.layers.begin(), layer);
    return single;
  }

  // A linear layer that copies, so that a lone ReLU or Flatten is a network too.
  static Layer Identity(int64_t size, bool relu, Network& single) {
    Layer identity;
    identity.kind = LayerKind::kLinear;
    identity.in = identity.out = {size, 1, 1};
    identity.bias.assign(static_cast<size_t>(size), 0.0F);
    for (int64_t i = 0; i < size * size; ++i) identity.weight.push_back(i % (size + 1) == 0);
    Layer activation;
    activation.kind = relu ? LayerKind::kRelu : LayerKind::kFlatten;
    activation.in = activation.out = identity.out;
    single.layers.push_back(activation);
    return identity;
  }

  const QuantizedNetwork& network_;
};

TEST_P(QuantizeNetworkTest, IntegerSumsGiveWhatOnnxDefines) {
  const auto quantized = QuantizeNetwork(network_, samples_);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  const std::vector<float> integers = Predict(*quantized, samples_);
  const std::vector<float> floats = FakeQuantized(*quantized).Run(samples_);
  ASSERT_EQ(integers.size(), floats.size());
  size_t different = 0;
  for (size_t i = 0; i < integers.size(); ++i) {
    EXPECT_NEAR(integers[i], floats[i], 1.001F * quantized->OutputStep()) << i;
    different += std::abs(integers[i] - floats[i]) > 0.5F * quantized->OutputStep() ? 1 : 0;
  }
  // Sums of floats may fall on the other side of a half now and then.
  EXPECT_LE(different, integers.size() / 50);
}

TEST_P(QuantizeNetworkTest, StaysCloseToTheFloatNetwork) {
  const QuantizedNetwork quantized = *QuantizeNetwork(network_, samples_);
  const std::vector<float> expected = Predict(network_, samples_);
  const std::vector<float> actual = Predict(quantized, samples_);
  double squares = 0;
  double error = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    squares += expected[i] * expected[i];
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
  }
  EXPECT_LT(std::sqrt(error / squares), 0.03);
}

TEST_P(QuantizeNetworkTest, WeightsAreSymmetricPerChannel) {
  const QuantizedNetwork quantized = *QuantizeNetwork(network_, samples_);
  for (size_t i = 0; i < quantized.layers.size(); ++i) {
    const QuantizedLayer& layer = quantized.layers[i];
    for (size_t w = 0; w < layer.weight.size(); ++w) {
      const float scale = layer.weight_scale[w / static_cast<size_t>(layer.layer.FanIn())];
      EXPECT_GE(layer.weight[w], -127);
      EXPECT_NEAR(layer.weight[w] * scale, network_.layers[i].weight[w], 0.501F * scale);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, QuantizeNetworkTest,
    testing::Values(Layout{"Cnn", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 5}},
                    Layout{"Window", v1::MODEL_TYPE_TINYCNN, v1::POOLING_GLOBAL_AVERAGE, {5, 7}},
                    Layout{"Image", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 9, 8}},
                    Layout{"Mlp", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5}}),
    [](const auto& test) { return test.param.name; });

TEST(QuantizeEmptyChannelTest, KeepsItsBias) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.add_hidden(3);
  Network network = *BuildNetwork(spec, {1, 2}, 1);
  SeededRandom random(8);
  InitializeParameters(random, network);
  std::fill_n(network.layers[0].weight.begin(), 2, 0.0F);
  network.layers[0].bias[0] = 5.0F;
  const std::vector<float> samples = {1, 2, -3, 4, 0, 1};
  const QuantizedNetwork quantized = *QuantizeNetwork(network, samples);
  const std::vector<float> expected = Predict(network, samples);
  const std::vector<float> actual = Predict(quantized, samples);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 0.1);
}

TEST(CalibrationSamplesTest, HoldsTheExtremesOfTheOutput) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.add_hidden(1);
  Network network = *BuildNetwork(spec, {1, 1}, 1);
  // The output is the positive part of the sample.
  network.layers[0].weight = {1};
  network.layers[2].weight = {1};
  const std::vector<float> samples = {3, 1, 100, 2, 0, 5, 4};
  EXPECT_THAT(CalibrationSamples(network, samples, 3), testing::ElementsAre(0, 3, 100));
  EXPECT_EQ(CalibrationSamples(network, samples, 7).size(), 7U);
  EXPECT_EQ(CalibrationSamples(network, samples, 70).size(), 7U);
  EXPECT_FALSE(QuantizeNetwork(network, {}).ok());
}

}  // namespace
}  // namespace tinyjoule
