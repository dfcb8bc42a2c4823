// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {
namespace {

// The network as int8 hardware computes it: 32-bit sums of whole numbers, one rounding behind each
// layer. One sample at a time.
class IntegerNetwork {
 public:
  explicit IntegerNetwork(const QuantizedNetwork& network) : network_(network) {}

  std::vector<float> Run(absl::Span<const float> sample) {
    values_.assign(1, {});
    for (float value : sample) values_[0].push_back(Centered(network_.input, value));
    for (size_t i = 0; i < network_.layers.size(); ++i) values_.push_back(Apply(i));
    std::vector<float> outputs;
    for (int32_t value : values_.back()) {
      outputs.push_back(network_.OutputStep() * static_cast<float>(value));
    }
    return outputs;
  }

 private:
  // Less the zero point.
  using Steps = std::vector<int32_t>;

  static int32_t Centered(const Quantization& quantization, double value) {
    return QuantizeValue(quantization, static_cast<float>(value)) - quantization.zero_point;
  }
  const Steps& ValueBack(size_t index, int64_t back) const {
    return values_[index + 1 - static_cast<size_t>(back)];
  }
  // What QuantizeLinear makes of a dequantised sum; behind a ReLU where one follows.
  int32_t Store(size_t index, double value) const {
    const bool relu = index + 1 < network_.layers.size() &&
                      network_.layers[index + 1].layer.kind == LayerKind::kRelu;
    return Centered(network_.layers[index].output, relu ? std::max(value, 0.0) : value);
  }

  Steps Apply(size_t index) {
    const QuantizedLayer& quantized = network_.layers[index];
    const Layer& layer = quantized.layer;
    const Steps& in = ValueBack(index, layer.reads_back);
    Steps out(static_cast<size_t>(layer.out.size()));
    if (KeepsSteps(layer.kind) && layer.kind != LayerKind::kMaxPool) return in;
    for (int64_t c = 0; c < layer.out.channels; ++c) {
      for (int64_t h = 0; h < layer.out.height; ++h) {
        for (int64_t w = 0; w < layer.out.width; ++w) {
          const int64_t at = (c * layer.out.height + h) * layer.out.width + w;
          out[static_cast<size_t>(at)] = One(index, in, c, h, w, static_cast<size_t>(at));
        }
      }
    }
    return out;
  }

  int32_t One(size_t index, const Steps& in, int64_t c, int64_t h, int64_t w, size_t at) const {
    const QuantizedLayer& quantized = network_.layers[index];
    const Layer& layer = quantized.layer;
    const double in_scale = network_.InputScale(index);
    switch (layer.kind) {
      case LayerKind::kConv:
      case LayerKind::kLinear: {
        const std::vector<float>& scales = quantized.weight_scale;
        const size_t channel = static_cast<size_t>(c);
        return Store(index,
                     in_scale * scales[channel % scales.size()] * Sum(quantized, in, c, h, w));
      }
      case LayerKind::kAdd: {
        const int64_t other = static_cast<int64_t>(index) - layer.adds_back;
        return Store(index, in_scale * in[at] + double{network_.ValueQuantization(other).scale} *
                                                    ValueBack(index, layer.adds_back)[at]);
      }
      case LayerKind::kGlobalAverage: {
        const int64_t size = layer.in.height * layer.in.width;
        double sum = 0;
        for (int64_t i = 0; i < size; ++i) sum += in[static_cast<size_t>(c * size + i)];
        return Store(index, in_scale * sum / static_cast<double>(size));
      }
      default:
        return Largest(layer, in, c, h, w);
    }
  }

  static int32_t Largest(const Layer& layer, const Steps& in, int64_t c, int64_t h, int64_t w) {
    const size_t width = static_cast<size_t>(layer.in.width);
    const size_t corner =
        static_cast<size_t>((c * layer.in.height + 2 * h) * layer.in.width + 2 * w);
    return std::max({in[corner], in[corner + 1], in[corner + width], in[corner + width + 1]});
  }

  static int32_t Sum(const QuantizedLayer& quantized, const Steps& in, int64_t o, int64_t h,
                     int64_t w) {
    const Layer& layer = quantized.layer;
    int32_t sum = quantized.bias[static_cast<size_t>(o)];
    const int8_t* weight = quantized.weight.data() + o * layer.FanIn();
    if (layer.kind == LayerKind::kLinear) {
      for (int32_t value : in) sum += *weight++ * value;
      return sum;
    }
    const int64_t group_size = layer.in.channels / layer.groups;
    const int64_t first = o / (layer.out.channels / layer.groups) * group_size;
    for (int64_t c = first; c < first + group_size; ++c) {
      for (int64_t i = 0; i < layer.kernel_height; ++i) {
        for (int64_t j = 0; j < layer.kernel_width; ++j, ++weight) {
          const int64_t row = h * layer.stride_height + i - layer.PadTop();
          const int64_t column = w * layer.stride_width + j - layer.PadLeft();
          if (row < 0 || column < 0 || row >= layer.in.height || column >= layer.in.width) continue;
          sum += *weight *
                 in[static_cast<size_t>((c * layer.in.height + row) * layer.in.width + column)];
        }
      }
    }
    return sum;
  }

  const QuantizedNetwork& network_;
  // The input's first.
  std::vector<Steps> values_;
};

Layer Convolution(const std::string& name, const FeatureMap& in, int64_t channels, int64_t kernel,
                  int64_t stride, int64_t groups) {
  Layer layer;
  layer.kind = LayerKind::kConv;
  layer.name = name;
  layer.in = in;
  layer.out = {channels, (in.height + stride - 1) / stride, (in.width + stride - 1) / stride};
  layer.kernel_height = layer.kernel_width = kernel;
  layer.stride_height = layer.stride_width = stride;
  layer.groups = groups;
  layer.weight.resize(static_cast<size_t>(channels * layer.FanIn()));
  layer.bias.resize(static_cast<size_t>(channels));
  return layer;
}

Layer Plain(LayerKind kind, const FeatureMap& in, const FeatureMap& out) {
  Layer layer;
  layer.kind = kind;
  layer.in = in;
  layer.out = out;
  return layer;
}

// A stride, a depthwise convolution, batch normalisation behind both, and a join.
Network ResidualNetwork() {
  const FeatureMap image = {2, 7, 6};
  const FeatureMap half = {4, 4, 3};
  Network network;
  network.sample_shape = {2, 7, 6};
  Layer norm = Plain(LayerKind::kBatchNorm, half, half);
  norm.weight.resize(4);
  norm.bias.resize(4);
  norm.mean.assign(4, 0.1F);
  norm.variance.assign(4, 0.5F);
  Layer add = Plain(LayerKind::kAdd, half, half);
  add.adds_back = 5;
  Layer output = Plain(LayerKind::kLinear, {4, 1, 1}, {2, 1, 1});
  output.name = "output";
  output.weight.resize(8);
  output.bias.resize(2);
  network.layers = {Convolution("conv1", image, 4, 3, 2, 1),
                    norm,
                    Plain(LayerKind::kRelu, half, half),
                    Convolution("conv2", half, 4, 3, 1, 4),
                    norm,
                    Plain(LayerKind::kRelu, half, half),
                    Convolution("conv3", half, 4, 1, 1, 1),
                    add,
                    Plain(LayerKind::kRelu, half, half),
                    Plain(LayerKind::kMaxPool, half, {4, 2, 1}),
                    Plain(LayerKind::kGlobalAverage, {4, 2, 1}, {4, 1, 1}),
                    Plain(LayerKind::kFlatten, {4, 1, 1}, {4, 1, 1}),
                    output};
  network.layers[1].name = "norm1";
  network.layers[4].name = "norm2";
  return network;
}

void Randomize(RandomSource& random, Network& network) {
  for (Layer& layer : network.layers) {
    const bool norm = layer.kind == LayerKind::kBatchNorm;
    const float bound = 1.5F / std::sqrt(static_cast<float>(norm ? 1 : layer.FanIn()));
    for (float& value : layer.weight) value = bound * (2 * UniformFloat(random) - (norm ? 0 : 1));
    for (float& value : layer.bias) value = bound * (2 * UniformFloat(random) - 1);
  }
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
    network_ = spec.type() == v1::MODEL_TYPE_UNSPECIFIED
                   ? ResidualNetwork()
                   : *BuildNetwork(spec, GetParam().data_shape, 2);
    SeededRandom random(8);
    Randomize(random, network_);
    samples_.resize(static_cast<size_t>(kRows * network_.SampleSize()));
    for (float& value : samples_) value = 6 * UniformFloat(random) - 3;
  }

  static constexpr int64_t kRows = 77;
  Network network_;
  std::vector<float> samples_;
};

TEST_P(QuantizeNetworkTest, IsWhatIntegersCompute) {
  for (const bool per_channel : {true, false}) {
    QuantizeOptions options;
    options.per_channel = per_channel;
    const auto quantized = QuantizeNetwork(network_, samples_, options);
    ASSERT_TRUE(quantized.ok()) << quantized.status();
    const std::vector<float> floats = Predict(*quantized, samples_);
    IntegerNetwork integers(*quantized);
    const size_t size = static_cast<size_t>(network_.SampleSize());
    const size_t width = static_cast<size_t>(network_.OutputCount());
    size_t different = 0;
    for (size_t row = 0; row < static_cast<size_t>(kRows); ++row) {
      const std::vector<float> expected =
          integers.Run(absl::MakeConstSpan(samples_).subspan(row * size, size));
      for (size_t i = 0; i < width; ++i) {
        const float difference = std::abs(floats[row * width + i] - expected[i]);
        EXPECT_LE(difference, 1.001F * quantized->OutputStep()) << row;
        different += difference > 0.5F * quantized->OutputStep() ? 1 : 0;
      }
    }
    // Sums of floats may fall on the other side of a half now and then.
    EXPECT_LE(different, floats.size() / 50);
  }
}

TEST_P(QuantizeNetworkTest, StaysCloseToTheFloatNetwork) {
  const std::vector<float> expected = Predict(network_, samples_);
  for (const v1::Observer observer :
       {v1::OBSERVER_MSE, v1::OBSERVER_MIN_MAX, v1::OBSERVER_PERCENTILE}) {
    QuantizeOptions options;
    options.observer.kind = observer;
    const std::vector<float> actual =
        Predict(*QuantizeNetwork(network_, samples_, options), samples_);
    double squares = 0;
    double error = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      squares += expected[i] * expected[i];
      error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    }
    EXPECT_LT(std::sqrt(error / squares), 0.03) << v1::Observer_Name(observer);
  }
}

TEST_P(QuantizeNetworkTest, WeightsStayWithinHalfAStep) {
  const Network prepared = *PrepareToQuantize(network_);
  for (const bool per_channel : {true, false}) {
    QuantizeOptions options;
    options.per_channel = per_channel;
    const QuantizedNetwork quantized = *QuantizeNetwork(network_, samples_, options);
    for (size_t i = 0; i < quantized.layers.size(); ++i) {
      const QuantizedLayer& layer = quantized.layers[i];
      if (!layer.layer.HasParameters()) continue;
      EXPECT_EQ(layer.weight_scale.size(),
                per_channel ? static_cast<size_t>(layer.layer.out.channels) : 1U);
      const std::vector<float> weights = DequantizeWeights(layer.weight, layer.weight_scale);
      const size_t per_scale = weights.size() / layer.weight_scale.size();
      for (size_t w = 0; w < weights.size(); ++w) {
        EXPECT_GE(layer.weight[w], -127);
        EXPECT_NEAR(weights[w], prepared.layers[i].weight[w],
                    0.501F * layer.weight_scale[w / per_scale]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, QuantizeNetworkTest,
    testing::Values(Layout{"Cnn", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 5}},
                    Layout{"Window", v1::MODEL_TYPE_TINYCNN, v1::POOLING_GLOBAL_AVERAGE, {5, 7}},
                    Layout{"Image", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 9, 8}},
                    Layout{"Mlp", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5}},
                    Layout{"Residual", v1::MODEL_TYPE_UNSPECIFIED, v1::POOLING_NONE, {}}),
    [](const auto& test) { return test.param.name; });

TEST(QuantizeNetworkEdgesTest, AnEmptyChannelKeepsItsBias) {
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

TEST(QuantizeNetworkEdgesTest, NormalisationThatCannotBeFoldedIsNamed) {
  Network network = ResidualNetwork();
  // Behind the join there is no convolution to take it up.
  network.layers[8] = network.layers[1];
  network.layers[8].name = "norm3";
  const auto quantized = QuantizeNetwork(network, std::vector<float>(84, 1.0F));
  EXPECT_EQ(quantized.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(quantized.status().message().find("norm3"), std::string::npos);
  EXPECT_EQ(QuantizeNetwork(network, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tinyjoule
