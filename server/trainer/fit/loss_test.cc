// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tinyjoule {
namespace {

constexpr int64_t kLanesOfTest = 4;

LossBatch Batch(int64_t outputs, const std::vector<float>& values,
                const std::vector<float>& targets, const std::vector<uint32_t>& rows) {
  LossBatch batch;
  batch.output_count = outputs;
  batch.lanes = kLanesOfTest;
  batch.outputs = values.data();
  batch.targets = targets.data();
  batch.rows = rows;
  return batch;
}

// Differences 3, -0.5 and 0 by hand: MSE 9, 0.25, 0; MAE 3, 0.5, 0; Huber with delta 1: 2.5, 0.125,
// 0.
TEST(LossTest, RegressionByHand) {
  const std::vector<float> outputs = {4, 1.5, 7, 99};
  const std::vector<float> targets = {7, 2, 1};
  const std::vector<uint32_t> rows = {2, 1, 0};
  const LossBatch batch = Batch(1, outputs, targets, rows);
  LossOptions options;
  std::vector<float> gradient(kLanesOfTest, 5.0F);
  EXPECT_NEAR(ComputeLoss(options, batch, gradient.data()), 9.25, 1e-9);
  EXPECT_NEAR(gradient[0], 2.0, 1e-6);
  EXPECT_NEAR(gradient[1], -1.0 / 3, 1e-6);
  EXPECT_EQ(gradient[2], 0.0F);
  EXPECT_EQ(gradient[3], 0.0F) << "a lane that holds no row";
  options.kind = v1::LOSS_MAE;
  EXPECT_NEAR(ComputeLoss(options, batch, nullptr), 3.5, 1e-9);
  options.kind = v1::LOSS_HUBER;
  EXPECT_NEAR(ComputeLoss(options, batch, gradient.data()), 2.625, 1e-9);
  EXPECT_NEAR(gradient[0], 1.0 / 3, 1e-6);
}

TEST(LossTest, TeacherTakesTheRestOfTheWeight) {
  const std::vector<float> outputs = {1, 0, 0, 0};
  const std::vector<float> targets = {0};
  const std::vector<float> teacher = {3};
  const std::vector<uint32_t> rows = {0};
  LossBatch batch = Batch(1, outputs, targets, rows);
  batch.teacher = teacher.data();
  LossOptions options;
  options.label_weight = 0.25;
  // 0.25 * 1 + 0.75 * 4.
  EXPECT_NEAR(ComputeLoss(options, batch, nullptr), 3.25, 1e-9);
}

// Rows of two values by hand: the squares of 1 and 2, and of 3 and 0, each with their mean.
TEST(LossTest, RowsOfSeveralValuesByHand) {
  const std::vector<float> outputs = {1, 3, 0, 0, 5, 4, 0, 0};
  const std::vector<float> targets = {0, 4, 0, 3};
  const std::vector<uint32_t> rows = {1, 0};
  LossOptions options;
  std::vector<float> gradient(2 * kLanesOfTest);
  const LossBatch batch = Batch(2, outputs, targets, rows);
  // Row 1: 1 - 0 and 5 - 3; row 0: 3 - 0 and 4 - 4.
  EXPECT_NEAR(ComputeLoss(options, batch, gradient.data()), (1.0 + 4.0) / 2 + (9.0 + 0.0) / 2,
              1e-9);
  // 2 x difference / 2 outputs / 2 rows.
  EXPECT_NEAR(gradient[0], 0.5, 1e-6);
  EXPECT_NEAR(gradient[1], 1.5, 1e-6);
  EXPECT_NEAR(gradient[kLanesOfTest], 1.0, 1e-6);
  EXPECT_EQ(gradient[kLanesOfTest + 1], 0.0F);
  EXPECT_EQ(gradient[2], 0.0F) << "a lane that holds no row";
}

// Two classes, scores 0 and ln 3: shares 1/4 and 3/4.
TEST(LossTest, CrossEntropyByHand) {
  const float ln3 = std::log(3.0F);
  const std::vector<float> outputs = {0, 0, 0, 0, ln3, 0, 0, 0};
  const std::vector<float> targets = {0};
  const std::vector<uint32_t> rows = {0};
  LossOptions options;
  options.kind = v1::LOSS_CROSS_ENTROPY;
  std::vector<float> gradient(2 * kLanesOfTest);
  EXPECT_NEAR(ComputeLoss(options, Batch(2, outputs, targets, rows), gradient.data()),
              std::log(4.0), 1e-6);
  EXPECT_NEAR(gradient[0], -0.75, 1e-6);
  EXPECT_NEAR(gradient[kLanesOfTest], 0.75, 1e-6);
}

// Temperature 2 turns teacher scores 0 and 2 ln 3 into 1/4 and 3/4, the student's into halves:
// 4 * KL = 4 * (1/4 ln(1/2) + 3/4 ln(3/2)).
TEST(LossTest, SoftenedDivergenceByHand) {
  const std::vector<float> outputs(2 * kLanesOfTest, 0.0F);
  const std::vector<float> targets = {0};
  const std::vector<float> teacher = {0, 2 * std::log(3.0F)};
  const std::vector<uint32_t> rows = {0};
  LossBatch batch = Batch(2, outputs, targets, rows);
  batch.teacher = teacher.data();
  LossOptions options;
  options.kind = v1::LOSS_CROSS_ENTROPY;
  options.label_weight = 0;
  options.temperature = 2;
  const double expected = 4 * (0.25 * std::log(0.5) + 0.75 * std::log(1.5));
  EXPECT_NEAR(ComputeLoss(options, batch, nullptr), expected, 1e-6);
}

}  // namespace
}  // namespace tinyjoule
