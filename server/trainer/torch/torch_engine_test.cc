// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/torch/torch_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

struct Case {
  const char* name;
  v1::ModelType type;
  std::vector<uint32_t> conv;
  v1::Pooling pooling;
  std::vector<int64_t> data_shape;
  int64_t outputs;
  v1::Loss loss;
  bool teacher;
};

std::vector<Case> Cases() {
  const v1::ModelType cnn = v1::MODEL_TYPE_TINYCNN;
  return {
      {"Mlp", v1::MODEL_TYPE_TINYMLP, {}, v1::POOLING_NONE, {1, 5}, 1, v1::LOSS_MSE, false},
      {"Cnn", cnn, {8, 16}, v1::POOLING_NONE, {1, 5}, 1, v1::LOSS_HUBER, true},
      {"Window", cnn, {4, 6}, v1::POOLING_GLOBAL_AVERAGE, {5, 7}, 1, v1::LOSS_MAE, false},
      {"Image", cnn, {3, 5}, v1::POOLING_NONE, {2, 9, 8}, 4, v1::LOSS_CROSS_ENTROPY, true},
      {"ResNet",
       v1::MODEL_TYPE_RESNET8,
       {},
       v1::POOLING_NONE,
       {2, 7, 10},
       3,
       v1::LOSS_CROSS_ENTROPY,
       false},
      {"DsCnn",
       v1::MODEL_TYPE_DS_CNN,
       {},
       v1::POOLING_NONE,
       {1, 9, 6},
       3,
       v1::LOSS_CROSS_ENTROPY,
       false},
      {"Autoencoder",
       v1::MODEL_TYPE_AUTOENCODER,
       {},
       v1::POOLING_NONE,
       {1, 6},
       6,
       v1::LOSS_MSE,
       false},
  };
}

// Our own loops against LibTorch's, on the same network and rows.
class EnginesTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Case& test = GetParam();
    v1::ModelSpec spec;
    spec.set_type(test.type);
    spec.mutable_conv()->Add(test.conv.begin(), test.conv.end());
    spec.set_pooling(test.pooling);
    network_ = *BuildNetwork(spec, test.data_shape, test.outputs);
    SeededRandom random(11);
    InitializeParameters(random, network_);
    inputs_.resize(static_cast<size_t>(kRows * network_.SampleSize()));
    for (float& value : inputs_) value = 2 * UniformFloat(random) - 1;
    for (int i = 0; i < kRows; ++i) {
      targets_.push_back(test.outputs > 1 ? static_cast<float>(i % test.outputs)
                                          : 3 * UniformFloat(random));
    }
    if (test.type == v1::MODEL_TYPE_AUTOENCODER) targets_ = inputs_;
    if (test.teacher) teacher_.resize(static_cast<size_t>(kRows * test.outputs));
    for (float& value : teacher_) value = 3 * UniformFloat(random);
    options_.loss.kind = test.loss;
    options_.loss.label_weight = test.teacher ? 0.3 : 1.0;
    options_.loss.temperature = 2.5;
    options_.batch_size = kRows;
    rows_ = {inputs_, targets_, teacher_};
    order_.resize(kRows);
    std::iota(order_.begin(), order_.end(), 0U);
  }

  void ExpectEqualGradients() {
    NativeEngine native(network_, rows_, options_);
    ASSERT_TRUE(native.Step(order_).ok());
    const auto torch_gradient = TorchGradient(network_, rows_, options_.loss);
    ASSERT_TRUE(torch_gradient.ok()) << torch_gradient.status();
    ASSERT_EQ(torch_gradient->size(), native.gradients().size());
    for (size_t i = 0; i < torch_gradient->size(); ++i) {
      EXPECT_NEAR(native.gradients()[i], (*torch_gradient)[i], 1e-5) << "parameter " << i;
    }
  }

  static constexpr int kRows = 37;
  Network network_;
  std::vector<float> inputs_;
  std::vector<float> targets_;
  std::vector<float> teacher_;
  TrainingRows rows_;
  EngineOptions options_;
  std::vector<uint32_t> order_;
};

TEST_P(EnginesTest, GradientsAgree) { ExpectEqualGradients(); }

// What is padded in front decides which windows there are, whatever is behind.
TEST_P(EnginesTest, GradientsAgreeWithOtherPadding) {
  for (Layer& layer : network_.layers) {
    if (layer.kind != LayerKind::kConv) continue;
    layer.pad_top = layer.kernel_height - 1;
    layer.pad_left = 0;
  }
  ExpectEqualGradients();
}

// Of Adam, but of small steps of plain descent with batch normalisation: the bias before it has no
// gradient but rounding noise, which Adam turns into whole steps, and large steps through nine
// normalisations of ten rows let float32 and float64 part just so.
TEST_P(EnginesTest, TenStepsAgree) {
  if (network_.MomentCount() > 0) options_.optimizer = v1::OPTIMIZER_SGD;
  network_.layers.back().weight[1] = 0.0F;
  options_.keep_zeros = true;
  options_.weight_decay = 0.01;
  NativeEngine native(network_, rows_, options_);
  auto torch_engine = CreateTorchEngine(network_, rows_, options_, /*cuda=*/false);
  ASSERT_TRUE(torch_engine.ok()) << torch_engine.status();
  for (size_t step = 0; step < 10; ++step) {
    const absl::Span<const uint32_t> batch = absl::MakeConstSpan(order_).subspan(3 * step, 10);
    ASSERT_TRUE(native.Step(batch).ok());
    ASSERT_TRUE((*torch_engine)->Step(batch).ok());
  }
  EXPECT_NEAR(*native.TakeLossSum(), *(*torch_engine)->TakeLossSum(), 1e-2);
  EXPECT_NEAR(*native.MeanLoss(2, 30), *(*torch_engine)->MeanLoss(2, 30), 1e-3);
  const std::vector<float> ours = *native.Parameters();
  const std::vector<float> theirs = *(*torch_engine)->Parameters();
  // Elsewhere too there is a gradient of rounding noise: compare all but a few.
  size_t far = 0;
  for (size_t i = 0; i < ours.size(); ++i) far += std::abs(ours[i] - theirs[i]) > 1e-4 ? 1 : 0;
  EXPECT_LE(far, network_.MomentCount() > 0 ? 0 : ours.size() / 50);
  const size_t zero = static_cast<size_t>(network_.ParameterCount()) -
                      network_.layers.back().bias.size() - network_.layers.back().weight.size() + 1;
  EXPECT_EQ(ours[zero], 0.0F);
  EXPECT_EQ(theirs[zero], 0.0F);
}

// Two values in the output layer, one moved by each step as the sum of its gradients says.
TEST_P(EnginesTest, ClustersStayTogether) {
  Layer& output = network_.layers.back();
  for (size_t i = 0; i < output.weight.size(); ++i) {
    output.clusters.push_back(i % 3 == 0 ? 1 : 0);
    output.weight[i] = i % 3 == 0 ? 0.25F : -0.5F;
  }
  options_.optimizer = v1::OPTIMIZER_SGD;
  options_.learning_rate = 1e-4;
  NativeEngine native(network_, rows_, options_);
  auto torch_engine = CreateTorchEngine(network_, rows_, options_, /*cuda=*/false);
  ASSERT_TRUE(torch_engine.ok()) << torch_engine.status();
  for (int step = 0; step < 5; ++step) {
    ASSERT_TRUE(native.Step(order_).ok());
    ASSERT_TRUE((*torch_engine)->Step(order_).ok());
  }
  const std::vector<float> ours = *native.Parameters();
  const std::vector<float> theirs = *(*torch_engine)->Parameters();
  const size_t first =
      static_cast<size_t>(network_.ParameterCount()) - output.bias.size() - output.weight.size();
  EXPECT_NE(ours[first], 0.25F);
  for (size_t i = 0; i < output.weight.size(); ++i) {
    EXPECT_EQ(ours[first + i], ours[first + (i % 3 == 0 ? 0 : 1)]);
    EXPECT_EQ(theirs[first + i], theirs[first + (i % 3 == 0 ? 0 : 1)]);
    EXPECT_NEAR(ours[first + i], theirs[first + i], 1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, EnginesTest, testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

class NoLoss final : public HiddenLoss {
 public:
  size_t layer() const override { return 0; }
  double Compute(const HiddenBatch&, float*) override { return 0; }
};

TEST(TorchEngineTest, LossesOnHiddenLayersAreRefused) {
  NoLoss loss;
  EngineOptions options;
  options.hidden_loss = &loss;
  const auto engine = CreateTorchEngine(Network(), {}, options, /*cuda=*/false);
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(engine.status().message().find("use train.device: cpu"), absl::string_view::npos);
}

TEST(TorchEngineTest, CudaWithoutADeviceIsAClearError) {
  if (TorchHasCuda()) GTEST_SKIP() << "this machine has a CUDA device";
  Network network;
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  network = *BuildNetwork(spec, {1, 5}, 1);
  const auto engine = CreateTorchEngine(network, {}, {}, /*cuda=*/true);
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(engine.status().message().find("use device: cpu"), absl::string_view::npos);
}

}  // namespace
}  // namespace tinyjoule
