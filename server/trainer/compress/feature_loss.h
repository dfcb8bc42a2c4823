// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_FEATURE_LOSS_H_
#define SERVER_TRAINER_COMPRESS_FEATURE_LOSS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/random_source.h"
#include "server/trainer/fit/hidden_loss.h"
#include "server/trainer/fit/optimizer.h"
#include "server/trainer/nn/kernels.h"

namespace tinyjoule {

// What a teacher's hidden layer gives for all training rows. Borrowed: outlives the loss.
struct TeacherFeatures {
  // [row][value]
  absl::Span<const float> values;
  int64_t value_count = 0;
};

// beta x mean over the teacher's values of (P h + b - t)^2: h the student's hidden values, t the
// teacher's, and P, b a linear projector (a 1 x 1 convolution) that learns along with the student
// and is thrown away at the end (Romero et al. 2015, FitNets).
class FeatureLoss final : public HiddenLoss {
 public:
  // The projector starts as a linear layer does, drawn from `random`.
  FeatureLoss(size_t layer, int64_t student_values, const TeacherFeatures& teacher, double beta,
              const OptimizerOptions& optimizer, RandomSource& random,
              const Kernels& kernels = BestKernels());

  size_t layer() const override { return layer_; }
  double Compute(const HiddenBatch& batch, float* gradient) override;
  void Update() override { optimizer_.Step(gradients_.data(), parameters_.data()); }

  // [teacher value][student value], then [teacher value]; and the last batch's derivatives.
  const std::vector<float>& parameters() const { return parameters_; }
  const std::vector<float>& gradients() const { return gradients_; }

 private:
  void Project(const HiddenBatch& batch);
  // Turns what was projected into the derivative of the loss.
  double Compare(const HiddenBatch& batch);
  void ProjectorGradients(const HiddenBatch& batch);
  void StudentGradient(const HiddenBatch& batch, float* gradient) const;

  const Kernels& kernels_;
  size_t layer_;
  int64_t student_values_;
  TeacherFeatures teacher_;
  double beta_;
  std::vector<float> parameters_;
  std::vector<float> gradients_;
  Optimizer optimizer_;
  // [teacher value][lane]
  std::vector<float> projected_;
  std::vector<float> ones_;
  // Where value i begins in [value][lane].
  std::vector<int64_t> offsets_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_FEATURE_LOSS_H_
