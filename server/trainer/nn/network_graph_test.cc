// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Joins, strides, groups and batch normalisation: forward and backward against the plain network.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/plain_network.h"

namespace tinyjoule {
namespace {

constexpr size_t kRows = 5;

int64_t StepsOf(int64_t in, int64_t stride) { return (in + stride - 1) / stride; }

class GraphBuilder {
 public:
  explicit GraphBuilder(const FeatureMap& input) : input_(input) {}

  Layer& Add(LayerKind kind, int64_t reads_back = 1) {
    Layer layer;
    layer.kind = kind;
    layer.reads_back = reads_back;
    const size_t count = layers_.size();
    layer.in = reads_back > static_cast<int64_t>(count)
                   ? input_
                   : layers_[count - static_cast<size_t>(reads_back)].out;
    layer.out = layer.in;
    layers_.push_back(layer);
    return layers_.back();
  }
  void Conv(int64_t channels, int64_t rows, int64_t columns, int64_t stride_rows,
            int64_t stride_columns, int64_t groups = 1, int64_t reads_back = 1) {
    Layer& layer = Add(LayerKind::kConv, reads_back);
    layer.kernel_height = rows;
    layer.kernel_width = columns;
    layer.stride_height = stride_rows;
    layer.stride_width = stride_columns;
    layer.groups = groups;
    layer.out = {channels, StepsOf(layer.in.height, stride_rows),
                 StepsOf(layer.in.width, stride_columns)};
    Parameters(layer);
  }
  void Norm() {
    Layer& layer = Add(LayerKind::kBatchNorm);
    Fill(layer.weight, layer.in.channels, 0.5F, 1.5F);
    Fill(layer.bias, layer.in.channels, -0.5F, 0.5F);
    Fill(layer.mean, layer.in.channels, -0.5F, 0.5F);
    Fill(layer.variance, layer.in.channels, 0.5F, 1.5F);
  }
  void Linear(int64_t units) {
    Layer& layer = Add(LayerKind::kLinear);
    layer.out = {units, 1, 1};
    Parameters(layer);
  }
  Network Take(std::vector<int64_t> sample_shape) {
    Network network;
    network.sample_shape = std::move(sample_shape);
    network.layers = std::move(layers_);
    return network;
  }
  float Uniform(float low, float high) { return low + (high - low) * UniformFloat(random_); }

 private:
  void Fill(std::vector<float>& values, int64_t count, float low, float high) {
    for (int64_t i = 0; i < count; ++i) values.push_back(Uniform(low, high));
  }
  void Parameters(Layer& layer) {
    Fill(layer.weight, layer.out.channels * layer.FanIn(), -0.5F, 0.5F);
    Fill(layer.bias, layer.out.channels, -0.2F, 0.2F);
  }

  FeatureMap input_;
  std::vector<Layer> layers_;
  SeededRandom random_{11};
};

// A residual block with a strided shortcut, a depthwise convolution and an even kernel.
Network ResidualNetwork() {
  GraphBuilder builder({2, 7, 6});
  builder.Conv(4, 3, 3, 1, 1);
  builder.Norm();
  builder.Add(LayerKind::kRelu);
  builder.Conv(6, 3, 3, 2, 2);
  builder.Norm();
  builder.Add(LayerKind::kRelu);
  builder.Conv(6, 3, 3, 1, 1, /*groups=*/6);
  builder.Norm();
  builder.Conv(6, 1, 1, 2, 2, /*groups=*/1, /*reads_back=*/6);
  builder.Add(LayerKind::kAdd).adds_back = 2;
  builder.Add(LayerKind::kRelu);
  builder.Conv(3, 4, 2, 2, 1);
  builder.Add(LayerKind::kGlobalAverage).out = {3, 1, 1};
  Layer& flat = builder.Add(LayerKind::kFlatten);
  flat.out = {flat.in.size(), 1, 1};
  builder.Linear(2);
  return builder.Take({2, 7, 6});
}

class NetworkGraphTest : public testing::Test {
 protected:
  NetworkGraphTest() : network_(ResidualNetwork()) {
    SeededRandom random(5);
    for (size_t row = 0; row < kRows; ++row) {
      std::vector<double> sample;
      for (int64_t i = 0; i < network_.SampleSize(); ++i) {
        samples_.push_back(4 * UniformFloat(random) - 2);
        sample.push_back(samples_.back());
      }
      plain_samples_.push_back(std::move(sample));
    }
  }

  std::vector<uint32_t> AllRows() const {
    std::vector<uint32_t> rows(kRows);
    std::iota(rows.begin(), rows.end(), 0U);
    return rows;
  }

  // Of all outputs and of the values of layer kTapped, each weighing differently.
  double Objective(const std::vector<float>& parameters) const {
    Network moved = network_;
    SetFlatParameters(parameters, moved);
    const auto values = PlainNetwork(moved).RunBatch(plain_samples_, /*training=*/true);
    double sum = 0;
    for (const std::vector<double>& row : values.back()) {
      for (size_t o = 0; o < row.size(); ++o) sum += OutputWeight(o) * row[o];
    }
    for (const std::vector<double>& row : values[kTapped + 1]) {
      for (size_t i = 0; i < row.size(); ++i) sum += TappedWeight(i) * row[i];
    }
    return sum;
  }

  double Slope(std::vector<float> parameters, size_t i) const {
    const float start = parameters[i];
    const float up = start + 1e-5F;
    const float down = start - 1e-5F;
    parameters[i] = up;
    const double above = Objective(parameters);
    parameters[i] = down;
    return (above - Objective(parameters)) / (static_cast<double>(up) - down);
  }

  static float OutputWeight(size_t output) { return 1.0F + static_cast<float>(output); }
  static float TappedWeight(size_t value) { return 0.1F * static_cast<float>(value % 7) - 0.3F; }

  void FillGradients(NetworkPass& pass) {
    std::fill_n(pass.output_gradient(), pass.output_count() * pass.lanes(), 0.0F);
    for (int64_t o = 0; o < pass.output_count(); ++o) {
      std::fill_n(pass.output_gradient() + o * pass.lanes(), kRows,
                  OutputWeight(static_cast<size_t>(o)));
    }
    const absl::Span<float> extra = pass.ExtraGradient(kTapped + 1);
    for (size_t i = 0; i < extra.size() / static_cast<size_t>(pass.lanes()); ++i) {
      std::fill_n(&extra[i * static_cast<size_t>(pass.lanes())], kRows, TappedWeight(i));
    }
  }

  // The first block's ReLU, which two layers read.
  static constexpr size_t kTapped = 2;
  Network network_;
  std::vector<float> samples_;
  PlainNetwork::Batch plain_samples_;
};

TEST_F(NetworkGraphTest, PredictsAsTheDefinitions) {
  const std::vector<float> outputs = Predict(network_, samples_);
  const auto values = PlainNetwork(network_).RunBatch(plain_samples_, /*training=*/false);
  ASSERT_EQ(outputs.size(), kRows * 2);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t o = 0; o < 2; ++o) {
      EXPECT_NEAR(outputs[row * 2 + o], values.back()[row][o], 2e-5);
    }
  }
}

TEST_F(NetworkGraphTest, FoldingBatchNormChangesNoPrediction) {
  const Network folded = FoldBatchNorm(network_);
  EXPECT_EQ(folded.layers.size(), network_.layers.size() - 3);
  EXPECT_EQ(folded.MomentCount(), 0);
  const std::vector<float> expected = Predict(network_, samples_);
  const std::vector<float> outputs = Predict(folded, samples_);
  ASSERT_EQ(outputs.size(), expected.size());
  for (size_t i = 0; i < outputs.size(); ++i) EXPECT_NEAR(outputs[i], expected[i], 2e-5);
}

TEST_F(NetworkGraphTest, GradientIsTheSlopeInTraining) {
  const std::vector<float> parameters = FlatParameters(network_);
  for (const Kernels* kernels : {Avx512Kernels(), Avx2Kernels(), &BaselineKernels()}) {
    if (kernels == nullptr) continue;
    NetworkPass pass(network_, 20, *kernels);
    std::vector<float> gradient(static_cast<size_t>(network_.ParameterCount()));
    pass.Load(samples_.data(), AllRows());
    pass.ForwardTraining(parameters.data());
    FillGradients(pass);
    pass.Backward(parameters.data(), gradient.data());
    for (size_t i = 0; i < gradient.size(); i += 3) {
      EXPECT_NEAR(gradient[i], Slope(parameters, i), 5e-3 * (1 + std::abs(gradient[i])))
          << kernels->name << " parameter " << i;
    }
  }
}

TEST_F(NetworkGraphTest, RunningMomentsMoveByTheBatchs) {
  std::vector<float> parameters = FlatParameters(network_);
  const std::vector<float> before = parameters;
  NetworkPass pass(network_, 8);
  pass.Load(samples_.data(), AllRows());
  pass.ForwardTraining(parameters.data());
  pass.UpdateMoments(parameters.data());

  const auto values = PlainNetwork(network_).RunBatch(plain_samples_, /*training=*/true);
  const size_t positions = 7 * 6;
  double mean = 0;
  for (const auto& row : values[1])
    mean += std::accumulate(row.begin(), row.begin() + positions, 0.0);
  mean /= positions * kRows;
  double squares = 0;
  for (const auto& row : values[1]) {
    for (size_t i = 0; i < positions; ++i) squares += (row[i] - mean) * (row[i] - mean);
  }
  const size_t at = static_cast<size_t>(network_.ParameterCount());
  const size_t variance_at = at + network_.layers[1].mean.size();
  EXPECT_NEAR(parameters[at], 0.9 * before[at] + 0.1 * mean, 1e-5);
  EXPECT_NEAR(parameters[variance_at],
              0.9 * before[variance_at] + 0.1 * squares / (positions * kRows - 1), 1e-5);
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(at),
                         parameters.begin()));
}

TEST_F(NetworkGraphTest, FakeQuantizationRoundsAndPassesGradientsInsideTheRange) {
  Network network;
  network.sample_shape = {3};
  Layer layer;
  layer.kind = LayerKind::kLinear;
  layer.in = {3, 1, 1};
  layer.out = {3, 1, 1};
  layer.weight = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  layer.bias = {0, 0, 0};
  network.layers = {layer, layer};
  NetworkPass pass(network, 1);
  // From -1.28 to 1.27.
  pass.FakeQuantize(1, {0.01F, 0});
  const std::vector<float> sample = {0.123F, -1.5F, 1.26F};
  const std::vector<float> parameters = FlatParameters(network);
  std::vector<float> gradient(parameters.size());
  pass.Load(sample.data(), std::vector<uint32_t>{0});
  pass.ForwardTraining(parameters.data());
  std::vector<float> value;
  pass.AppendValue(1, 1, value);
  EXPECT_NEAR(value[0], 0.12F, 1e-6);
  EXPECT_NEAR(value[1], -1.28F, 1e-6);
  EXPECT_NEAR(value[2], 1.26F, 1e-6);
  for (int64_t o = 0; o < 3; ++o) {
    std::fill_n(pass.output_gradient() + o * pass.lanes(), pass.lanes(), 0.0F);
    pass.output_gradient()[o * pass.lanes()] = 1.0F;
  }
  pass.Backward(parameters.data(), gradient.data());
  // The biases of the first layer.
  EXPECT_EQ(gradient[9], 1.0F);
  EXPECT_EQ(gradient[10], 0.0F);
  EXPECT_EQ(gradient[11], 1.0F);
}

}  // namespace
}  // namespace tinyjoule
