// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The losses of distillation on hidden layers, against LibTorch's autograd.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <numeric>
#include <vector>

#include "common/base/random_source.h"
#include "server/trainer/compress/feature_loss.h"
#include "server/trainer/compress/relational_loss.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

namespace F = torch::nn::functional;

constexpr int64_t kRows = 11;
constexpr int64_t kLanesOfTest = 16;
constexpr int64_t kStudent = 4;
constexpr int64_t kTeacher = 6;
constexpr double kBetaOfTest = 0.1;

class HiddenLossTorchTest : public testing::Test {
 protected:
  HiddenLossTorchTest() {
    for (int64_t i = 0; i < kRows * kTeacher; ++i) teacher_.push_back(Draw());
    values_.resize(kStudent * kLanesOfTest, 99.0F);
    for (int64_t v = 0; v < kStudent; ++v) {
      for (int64_t lane = 0; lane < kRows; ++lane) values_[v * kLanesOfTest + lane] = Draw();
    }
    // Two rows that the student cannot tell apart.
    for (int64_t v = 0; v < kStudent; ++v) {
      values_[v * kLanesOfTest + 3] = values_[v * kLanesOfTest + 7];
    }
    // The batch in another order than the teacher's rows.
    for (uint32_t i = 0; i < kRows; ++i) rows_.push_back((i * 3 + 2) % kRows);
    batch_.value_count = kStudent;
    batch_.lanes = kLanesOfTest;
    batch_.values = values_.data();
    batch_.rows = rows_;
    gradient_.resize(values_.size(), 5.0F);
    features_ = {teacher_, kTeacher};
  }

  float Draw() { return 4 * UniformFloat(random_) - 2; }

  // [row][value] of the batch, differentiable.
  torch::Tensor Student() {
    const torch::Tensor all =
        torch::from_blob(values_.data(), {kStudent, kLanesOfTest}).to(torch::kFloat64);
    return all.narrow(1, 0, kRows).t().contiguous().requires_grad_();
  }
  torch::Tensor Teacher() {
    const torch::Tensor all = torch::from_blob(teacher_.data(), {kRows, kTeacher});
    const std::vector<int64_t> order(rows_.begin(), rows_.end());
    return all.to(torch::kFloat64).index_select(0, torch::tensor(order));
  }
  void ExpectGradient(const torch::Tensor& expected) {
    for (int64_t v = 0; v < kStudent; ++v) {
      for (int64_t lane = 0; lane < kLanesOfTest; ++lane) {
        const double wanted = lane < kRows ? expected[lane][v].item<double>() : 0.0;
        EXPECT_NEAR(gradient_[v * kLanesOfTest + lane], wanted, 1e-6) << v << ", " << lane;
      }
    }
  }

  SeededRandom random_{21};
  std::vector<float> teacher_;
  std::vector<float> values_;
  std::vector<uint32_t> rows_;
  HiddenBatch batch_;
  std::vector<float> gradient_;
  TeacherFeatures features_;
};

TEST_F(HiddenLossTorchTest, FeatureLossAndItsGradients) {
  FeatureLoss loss(0, kStudent, features_, kBetaOfTest, {}, random_);
  const double sum = loss.Compute(batch_, gradient_.data());
  const torch::Tensor row = torch::tensor(loss.parameters()).to(torch::kFloat64).requires_grad_();
  const torch::Tensor weight = row.narrow(0, 0, kTeacher * kStudent).reshape({kTeacher, kStudent});
  const torch::Tensor student = Student();
  const torch::Tensor projected =
      F::linear(student, weight, row.narrow(0, kTeacher * kStudent, kTeacher));
  const torch::Tensor expected = kBetaOfTest * F::mse_loss(projected, Teacher());
  expected.backward();
  EXPECT_NEAR(sum / kRows, expected.item<double>(), 1e-6);
  ExpectGradient(student.grad());
  for (size_t i = 0; i < loss.gradients().size(); ++i) {
    EXPECT_NEAR(loss.gradients()[i], row.grad()[static_cast<int64_t>(i)].item<double>(), 1e-6) << i;
  }
}

// The two losses as the paper's formulas say, in LibTorch's operators.
torch::Tensor Distances(const torch::Tensor& points) {
  const torch::Tensor square = (points.unsqueeze(0) - points.unsqueeze(1)).pow(2).sum(2);
  const torch::Tensor apart = square > 0;
  const torch::Tensor distance =
      torch::where(apart, torch::where(apart, square, torch::ones_like(square)).sqrt(),
                   torch::zeros_like(square));
  return distance / distance.masked_select(apart).mean();
}

// [vertex][i][k]. Points in one place have no direction; a direction has a cosine of 1 with itself.
torch::Tensor Cosines(const torch::Tensor& points) {
  const torch::Tensor apart = points.unsqueeze(0) - points.unsqueeze(1);
  const torch::Tensor square = apart.pow(2).sum(2, /*keepdim=*/true);
  const torch::Tensor length = torch::where(square > 0, square, torch::ones_like(square)).sqrt();
  const torch::Tensor direction =
      torch::where(square > 0, apart / length, torch::zeros_like(apart));
  const torch::Tensor cosines = torch::bmm(direction, direction.transpose(1, 2));
  const torch::Tensor itself = torch::eye(points.size(0)).to(torch::kBool).unsqueeze(0);
  return torch::where(itself, torch::ones_like(cosines), cosines);
}

TEST_F(HiddenLossTorchTest, RelationalLossAndItsGradient) {
  RelationalLoss loss(0, features_, kBetaOfTest);
  const double sum = loss.Compute(batch_, gradient_.data());
  const torch::Tensor student = Student();
  const torch::Tensor expected =
      kBetaOfTest * (F::smooth_l1_loss(Distances(student), Distances(Teacher())) +
                     F::smooth_l1_loss(Cosines(student), Cosines(Teacher())));
  expected.backward();
  EXPECT_GT(expected.item<double>(), 0.01);
  EXPECT_NEAR(sum / kRows, expected.item<double>(), 1e-7);
  ExpectGradient(student.grad());
}

}  // namespace
}  // namespace tinyjoule
