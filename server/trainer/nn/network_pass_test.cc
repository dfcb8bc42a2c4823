// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network_pass.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/plain_network.h"

namespace tinyjoule {
namespace {

v1::ModelSpec Spec(v1::ModelType type, std::vector<uint32_t> conv, uint32_t kernel,
                   v1::Pooling pooling) {
  v1::ModelSpec spec;
  spec.set_type(type);
  spec.mutable_conv()->Add(conv.begin(), conv.end());
  spec.set_kernel(kernel);
  spec.set_pooling(pooling);
  return spec;
}

struct Case {
  v1::ModelSpec spec;
  std::vector<int64_t> data_shape;
  int64_t outputs;
};

std::vector<Case> Cases() {
  return {
      {Spec(v1::MODEL_TYPE_TINYMLP, {}, 3, v1::POOLING_NONE), {1, 5}, 1},
      {Spec(v1::MODEL_TYPE_TINYCNN, {8, 16}, 5, v1::POOLING_NONE), {1, 5}, 1},
      {Spec(v1::MODEL_TYPE_TINYCNN, {3, 7}, 3, v1::POOLING_GLOBAL_AVERAGE), {5, 7}, 2},
      {Spec(v1::MODEL_TYPE_TINYCNN, {4, 5}, 3, v1::POOLING_NONE), {2, 9, 7}, 3},
  };
}

class NetworkPassTest : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    const Case test = Cases()[GetParam()];
    network_ = *BuildNetwork(test.spec, test.data_shape, test.outputs);
    SeededRandom random(7);
    InitializeParameters(random, network_);
    samples_.resize(static_cast<size_t>(kRows * network_.SampleSize()));
    for (float& value : samples_) value = 4 * UniformFloat(random) - 2;
  }

  std::vector<double> Sample(int64_t row) const {
    const auto first = samples_.begin() + row * network_.SampleSize();
    return std::vector<double>(first, first + network_.SampleSize());
  }

  // Of the outputs' sum, output o weighing 1 + o.
  double Objective(const std::vector<uint32_t>& rows, const std::vector<float>& parameters) const {
    Network moved = network_;
    SetFlatParameters(parameters, moved);
    double sum = 0;
    for (uint32_t row : rows) {
      const std::vector<double> outputs = PlainNetwork(moved).Run(Sample(row));
      for (size_t o = 0; o < outputs.size(); ++o)
        sum += (1.0 + static_cast<double>(o)) * outputs[o];
    }
    return sum;
  }

  double Slope(const std::vector<uint32_t>& rows, std::vector<float> parameters, size_t i) const {
    const float start = parameters[i];
    const float up = start + 1e-4F;
    const float down = start - 1e-4F;
    parameters[i] = up;
    const double above = Objective(rows, parameters);
    parameters[i] = down;
    return (above - Objective(rows, parameters)) / (static_cast<double>(up) - down);
  }

  static constexpr int64_t kRows = 150;
  Network network_;
  std::vector<float> samples_;
};

TEST_P(NetworkPassTest, PredictsAsTheDefinitions) {
  const std::vector<float> outputs = Predict(network_, samples_);
  const size_t count = static_cast<size_t>(network_.OutputCount());
  ASSERT_EQ(outputs.size(), static_cast<size_t>(kRows) * count);
  for (int64_t row = 0; row < kRows; ++row) {
    const std::vector<double> expected = PlainNetwork(network_).Run(Sample(row));
    for (size_t o = 0; o < count; ++o) {
      EXPECT_NEAR(outputs[static_cast<size_t>(row) * count + o], expected[o], 2e-5) << row;
    }
  }
}

// Every instruction set's loops against central differences of the plain network in double.
TEST_P(NetworkPassTest, GradientIsTheSlopeOfTheOutputs) {
  const std::vector<uint32_t> rows = {0, 5, 17};
  for (const Kernels* kernels : {Avx512Kernels(), Avx2Kernels(), &BaselineKernels()}) {
    if (kernels == nullptr) continue;
    NetworkPass pass(network_, 20, *kernels);
    const std::vector<float> parameters = FlatParameters(network_);
    std::vector<float> gradient(parameters.size());
    pass.Load(samples_.data(), rows);
    pass.Forward(parameters.data());
    std::fill_n(pass.output_gradient(), pass.output_count() * pass.lanes(), 0.0F);
    for (int64_t o = 0; o < pass.output_count(); ++o) {
      std::fill_n(pass.output_gradient() + o * pass.lanes(), rows.size(),
                  1.0F + static_cast<float>(o));
    }
    pass.Backward(parameters.data(), gradient.data());
    for (size_t i = 0; i < parameters.size(); i += 1 + parameters.size() / 97) {
      EXPECT_NEAR(gradient[i], Slope(rows, parameters, i), 2e-3 * (1 + std::abs(gradient[i])))
          << kernels->name << " parameter " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, NetworkPassTest, testing::Range<size_t>(0, Cases().size()));

}  // namespace
}  // namespace tinyjoule
