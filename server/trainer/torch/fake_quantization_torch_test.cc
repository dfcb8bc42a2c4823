// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "server/trainer/fit/fake_quantization.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {
namespace {

constexpr int kRows = 24;

// The gradients of quantisation-aware training against autograd over LibTorch's own fake
// quantisation, whose gradients are straight-through estimates too.
class FakeQuantizationTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    v1::ModelSpec spec;
    spec.set_type(v1::MODEL_TYPE_TINYCNN);
    spec.add_conv(4);
    spec.add_dense(6);
    network_ = *BuildNetwork(spec, {2, 4, 6}, 1);
    SeededRandom random(3);
    InitializeParameters(random, network_);
    inputs_.resize(static_cast<size_t>(kRows * network_.SampleSize()));
    for (float& value : inputs_) value = 4 * UniformFloat(random) - 2;
    for (int i = 0; i < kRows; ++i) targets_.push_back(UniformFloat(random));
    // Input, convolution with ReLU and pooling, Flatten, hidden layer with ReLU, output: ranges
    // that some of the values leave.
    const Quantization input = {1.0F / 80, 3};
    const Quantization conv = {1.0F / 255, -128};
    const Quantization hidden = {0.7F / 255, -128};
    const Quantization output = {1.0F / 200, -20};
    steps_ = {input, conv, conv, conv, conv, hidden, hidden, output};
    ASSERT_EQ(steps_.size(), network_.layers.size() + 1);
  }

  static at::Tensor Rounded(const at::Tensor& value, const Quantization& steps) {
    return at::fake_quantize_per_tensor_affine(value, steps.scale, steps.zero_point, -128, 127);
  }

  // The layer's weights as a leaf, then rounded.
  at::Tensor Weights(size_t layer, std::vector<int64_t> shape, float in_scale) {
    Layer& from = network_.layers[layer];
    at::Tensor weight = torch::from_blob(from.weight.data(), shape).clone().requires_grad_();
    at::Tensor bias = torch::from_blob(from.bias.data(), {shape[0]}).clone().requires_grad_();
    leaves_.push_back(weight);
    leaves_.push_back(bias);
    std::vector<float> scales = WeightScales({GetParam(), in_scale}, from.weight, from.bias);
    if (!GetParam()) return at::fake_quantize_per_tensor_affine(weight, scales[0], 0, -127, 127);
    const int64_t count = static_cast<int64_t>(scales.size());
    return at::fake_quantize_per_channel_affine(weight,
                                                torch::from_blob(scales.data(), {count}).clone(),
                                                torch::zeros({count}, torch::kInt), 0, -127, 127);
  }

  std::vector<float> TorchGradient() {
    at::Tensor x = Rounded(torch::from_blob(inputs_.data(), {kRows, 2, 4, 6}), steps_[0]);
    at::Tensor weight = Weights(0, {4, 2, 3, 3}, steps_[0].scale);
    x = at::conv2d(x, weight, leaves_.back(), /*stride=*/1, /*padding=*/1);
    x = at::max_pool2d(Rounded(at::relu(x), steps_[1]), 2).flatten(1);
    weight = Weights(4, {6, 24}, steps_[4].scale);
    x = Rounded(at::relu(at::linear(x, weight, leaves_.back())), steps_[5]);
    weight = Weights(6, {1, 6}, steps_[6].scale);
    x = Rounded(at::linear(x, weight, leaves_.back()), steps_[7]);
    at::mse_loss(x.flatten(), torch::from_blob(targets_.data(), {kRows})).backward();
    std::vector<float> gradient;
    for (const at::Tensor& leaf : leaves_) {
      const at::Tensor flat = leaf.grad().contiguous();
      gradient.insert(gradient.end(), flat.data_ptr<float>(),
                      flat.data_ptr<float>() + flat.numel());
    }
    return gradient;
  }

  Network network_;
  std::vector<float> inputs_;
  std::vector<float> targets_;
  std::vector<Quantization> steps_;
  std::vector<at::Tensor> leaves_;
};

TEST_P(FakeQuantizationTest, GradientsAgree) {
  EngineOptions options;
  options.loss.kind = v1::LOSS_MSE;
  options.batch_size = kRows;
  options.fake_quantization = FakeQuantization{steps_, GetParam()};
  NativeEngine native(network_, {inputs_, targets_, {}}, options);
  std::vector<uint32_t> order(kRows);
  std::iota(order.begin(), order.end(), 0U);
  ASSERT_TRUE(native.Step(order).ok());
  const std::vector<float> expected = TorchGradient();
  ASSERT_EQ(native.gradients().size(), expected.size());
  double largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(native.gradients()[i], expected[i], 1e-5) << "parameter " << i;
    largest = std::max<double>(largest, std::abs(expected[i]));
  }
  EXPECT_GT(largest, 0.01) << "gradients of nothing agree";
}

INSTANTIATE_TEST_SUITE_P(Scales, FakeQuantizationTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "PerChannel" : "PerTensor"; });

}  // namespace
}  // namespace tinyjoule
