// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "server/trainer/compress/feature_loss.h"
#include "server/trainer/compress/relational_loss.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

constexpr int64_t kLanesOfTest = 16;

HiddenBatch BatchOf(const std::vector<float>& values, const std::vector<uint32_t>& rows) {
  HiddenBatch batch;
  batch.value_count = static_cast<int64_t>(values.size()) / kLanesOfTest;
  batch.lanes = kLanesOfTest;
  batch.values = values.data();
  batch.rows = rows;
  return batch;
}

// A right angle with legs 3 and 4 at the teacher. The student has the legs equal, 1 and 1.
// Distances by their means: 3/4, 1, 5/4 and 1, 1, sqrt 2 by (2 + sqrt 2) / 3. Cosines: 0, 3/5, 4/5
// and 0, 1/sqrt 2 twice.
TEST(RelationalLossTest, TrianglesByHand) {
  const std::vector<float> teacher = {0, 0, 3, 0, 0, 4};
  std::vector<float> student(2 * kLanesOfTest);
  student[1] = 1;
  student[kLanesOfTest + 2] = 1;
  RelationalLoss loss(0, {teacher, 2}, 1.0);
  std::vector<float> gradient(student.size());
  const double root = std::sqrt(2.0);
  const double mean = (2 + root) / 3;
  const auto half_square = [](double a, double b) { return 0.5 * (a - b) * (a - b); };
  const double distance =
      2.0 / 9 *
      (half_square(1 / mean, 0.75) + half_square(1 / mean, 1) + half_square(root / mean, 1.25));
  const double angle = 2.0 / 27 * (half_square(1 / root, 0.6) + half_square(1 / root, 0.8));
  EXPECT_NEAR(loss.Compute(BatchOf(student, {0, 1, 2}), gradient.data()), 3 * (distance + angle),
              1e-7);
}

// Turned, moved and made larger, the student's points have the teacher's relations.
TEST(RelationalLossTest, SimilarFiguresCostNothing) {
  const std::vector<float> teacher = {0, 0, 3, 1, -1, 4, 2, 2};
  std::vector<float> student(2 * kLanesOfTest);
  for (size_t i = 0; i < 4; ++i) {
    student[i] = 5 - 2 * teacher[2 * i + 1];
    student[kLanesOfTest + i] = 2 * teacher[2 * i] - 1;
  }
  RelationalLoss loss(0, {teacher, 2}, 1.0);
  std::vector<float> gradient(student.size(), 1.0F);
  EXPECT_NEAR(loss.Compute(BatchOf(student, {0, 1, 2, 3}), gradient.data()), 0, 1e-10);
  for (float slope : gradient) EXPECT_NEAR(slope, 0, 1e-6);
}

TEST(RelationalLossTest, PointsInOnePlaceGiveNoGradient) {
  const std::vector<float> teacher = {0, 1, 2};
  const std::vector<float> student(kLanesOfTest, 3.0F);
  RelationalLoss loss(0, {teacher, 1}, 1.0);
  std::vector<float> gradient(student.size(), 1.0F);
  EXPECT_TRUE(std::isfinite(loss.Compute(BatchOf(student, {0, 1, 2}), gradient.data())));
  for (float slope : gradient) EXPECT_EQ(slope, 0.0F);
}

// The gradient that the engine makes of a hidden loss, against differences of the loss itself: the
// whole way through the network, from the hidden layer down to every parameter.
class HiddenLossInEngineTest : public testing::TestWithParam<v1::ModelType> {
 protected:
  static constexpr int64_t kTeacher = 3;
  static constexpr uint32_t kRows = 9;

  HiddenLossInEngineTest() {
    v1::ModelSpec spec;
    spec.set_type(GetParam());
    for (uint32_t units : {3U, 4U}) {
      spec.add_hidden(units);
      spec.add_conv(units);
    }
    spec.add_dense(5);
    network_ = *BuildNetwork(spec, {1, 5}, 1);
    InitializeParameters(random_, network_);
    // A kink of a ReLU would spoil the differences.
    for (Layer& layer : network_.layers) {
      for (float& bias : layer.bias) bias += 2;
    }
    for (uint32_t i = 0; i < kRows * 5; ++i) inputs_.push_back(UniformFloat(random_));
    for (uint32_t i = 0; i < kRows * kTeacher; ++i) teacher_.push_back(3 * UniformFloat(random_));
    targets_.resize(kRows);
    order_.resize(kRows);
    std::iota(order_.begin(), order_.end(), 0U);
    layer_ = static_cast<size_t>(network_.InputOf(OutputLayer(network_)));
    options_.optimizer = v1::OPTIMIZER_SGD;
    options_.learning_rate = 0;
    options_.batch_size = kRows;
  }

  // The loss of the whole batch, and optionally the gradients.
  double Run(HiddenLoss& loss, std::vector<float>* gradients) {
    options_.hidden_loss = &loss;
    // Answered without error: all that is left is the hidden loss.
    targets_ = Predict(network_, inputs_);
    NativeEngine engine(network_, {inputs_, targets_, {}}, options_);
    EXPECT_TRUE(engine.Step(order_).ok());
    if (gradients != nullptr) *gradients = engine.gradients();
    return *engine.TakeLossSum() / kRows;
  }

  void ExpectDifferences(HiddenLoss& loss) {
    std::vector<float> gradients;
    Run(loss, &gradients);
    const std::vector<float> start = FlatParameters(network_);
    constexpr float kStep = 0.003F;
    double largest = 0;
    for (size_t i = 0; i < start.size(); i += 3) {
      std::vector<float> moved = start;
      moved[i] = start[i] + kStep;
      SetFlatParameters(moved, network_);
      const double above = Run(loss, nullptr);
      moved[i] = start[i] - kStep;
      SetFlatParameters(moved, network_);
      const double below = Run(loss, nullptr);
      EXPECT_NEAR(gradients[i], (above - below) / (2 * kStep), 2e-4) << "parameter " << i;
      largest = std::max<double>(largest, std::abs(gradients[i]));
    }
    EXPECT_GT(largest, 0.01);
  }

  SeededRandom random_{31};
  Network network_;
  std::vector<float> inputs_;
  std::vector<float> teacher_;
  std::vector<float> targets_;
  std::vector<uint32_t> order_;
  size_t layer_ = 0;
  EngineOptions options_;
};

TEST_P(HiddenLossInEngineTest, FeatureGradientsAreDifferences) {
  OptimizerOptions still;
  still.kind = v1::OPTIMIZER_SGD;
  still.learning_rate = 0;
  FeatureLoss loss(layer_, network_.layers[layer_].out.size(), {teacher_, kTeacher}, 0.3, still,
                   random_);
  ExpectDifferences(loss);
}

TEST_P(HiddenLossInEngineTest, RelationalGradientsAreDifferences) {
  RelationalLoss loss(layer_, {teacher_, kTeacher}, 1.0);
  ExpectDifferences(loss);
}

TEST_P(HiddenLossInEngineTest, ProjectorLearnsWithTheStudent) {
  OptimizerOptions adam;
  adam.learning_rate = 0.01;
  FeatureLoss loss(layer_, network_.layers[layer_].out.size(), {teacher_, kTeacher}, 1.0, adam,
                   random_);
  const std::vector<float> before = loss.parameters();
  const double first = Run(loss, nullptr);
  // The student stays: what is gained is the projector's.
  for (int i = 0; i < 300; ++i) Run(loss, nullptr);
  EXPECT_LT(Run(loss, nullptr), 0.7 * first);
  EXPECT_NE(loss.parameters(), before);
}

INSTANTIATE_TEST_SUITE_P(Models, HiddenLossInEngineTest,
                         testing::Values(v1::MODEL_TYPE_TINYMLP, v1::MODEL_TYPE_TINYCNN),
                         [](const auto& test) { return v1::ModelType_Name(test.param); });

}  // namespace
}  // namespace tinyjoule
