// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_LOSS_H_
#define SERVER_TRAINER_FIT_LOSS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Regression: label_weight * L(output, target) + (1 - label_weight) * L(output, teacher), L being
// MSE, MAE or Huber, as the mean over a row's outputs. Classification: label_weight * cross entropy
// of the class + (1 - label_weight) * T^2 * KL(softmax(teacher / T) || softmax(output / T)), T
// being the temperature (Hinton, Vinyals and Dean 2015). Without a teacher the weight is 1.
struct LossOptions {
  v1::Loss kind = v1::LOSS_MSE;
  double huber_delta = 1;
  double label_weight = 1;
  double temperature = 1;

  bool classifies() const { return kind == v1::LOSS_CROSS_ENTROPY; }
};

// One batch: outputs and gradient are [output][lane], lanes beyond the rows are unused.
struct LossBatch {
  int64_t output_count = 1;
  int64_t lanes = 0;
  const float* outputs = nullptr;
  // All targets, [row] class indices or [row][output] values, and teacher outputs [row][output], of
  // which `rows` picks.
  const float* targets = nullptr;
  const float* teacher = nullptr;
  absl::Span<const uint32_t> rows;
};

// Sum of the rows' losses. With `gradient`, fills it with the derivative of their mean; unused
// lanes are zero.
double ComputeLoss(const LossOptions& options, const LossBatch& batch, float* gradient);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_LOSS_H_
