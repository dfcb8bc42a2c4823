// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/feature_loss.h"

#include <algorithm>
#include <cmath>

#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {

FeatureLoss::FeatureLoss(size_t layer, int64_t student_values, const TeacherFeatures& teacher,
                         double beta, const OptimizerOptions& optimizer, RandomSource& random,
                         const Kernels& kernels)
    : kernels_(kernels),
      layer_(layer),
      student_values_(student_values),
      teacher_(teacher),
      beta_(beta),
      parameters_(static_cast<size_t>(teacher.value_count * (student_values + 1))),
      gradients_(parameters_.size()),
      optimizer_(optimizer, parameters_.size(), kernels) {
  const float bound = 1.0F / std::sqrt(static_cast<float>(student_values));
  for (float& parameter : parameters_) parameter = bound * (2.0F * UniformFloat(random) - 1.0F);
}

double FeatureLoss::Compute(const HiddenBatch& batch, float* gradient) {
  offsets_.clear();
  for (int64_t i = 0; i < std::max(student_values_, teacher_.value_count); ++i) {
    offsets_.push_back(i * batch.lanes);
  }
  Project(batch);
  const double loss = Compare(batch);
  ProjectorGradients(batch);
  StudentGradient(batch, gradient);
  return loss;
}

void FeatureLoss::Project(const HiddenBatch& batch) {
  projected_.resize(static_cast<size_t>(teacher_.value_count * batch.lanes));
  MultiplyArguments multiply;
  multiply.rows = teacher_.value_count;
  multiply.columns = batch.lanes;
  multiply.depth = student_values_;
  multiply.a = parameters_.data();
  multiply.a_row = student_values_;
  multiply.a_column = 1;
  multiply.b = batch.values;
  multiply.b_offsets = offsets_.data();
  multiply.c = projected_.data();
  multiply.c_row = batch.lanes;
  multiply.bias = parameters_.data() + teacher_.value_count * student_values_;
  kernels_.multiply(multiply);
}

double FeatureLoss::Compare(const HiddenBatch& batch) {
  const double weight = beta_ / static_cast<double>(teacher_.value_count);
  const double scale = 2 * weight / static_cast<double>(batch.rows.size());
  double sum = 0;
  for (int64_t value = 0; value < teacher_.value_count; ++value) {
    float* const lane = projected_.data() + value * batch.lanes;
    for (size_t i = 0; i < batch.rows.size(); ++i) {
      const int64_t row = batch.rows[i];
      const size_t at = static_cast<size_t>(row * teacher_.value_count + value);
      const double difference = static_cast<double>(lane[i]) - teacher_.values[at];
      sum += difference * difference;
      lane[i] = static_cast<float>(scale * difference);
    }
    std::fill(lane + batch.rows.size(), lane + batch.lanes, 0.0F);
  }
  return weight * sum;
}

void FeatureLoss::ProjectorGradients(const HiddenBatch& batch) {
  DotArguments dot;
  dot.rows = teacher_.value_count;
  dot.columns = student_values_;
  dot.length = batch.lanes;
  dot.a = projected_.data();
  dot.a_row = batch.lanes;
  dot.b = batch.values;
  dot.b_offsets = offsets_.data();
  dot.c = gradients_.data();
  dot.c_row = student_values_;
  kernels_.dot(dot);

  ones_.assign(static_cast<size_t>(batch.lanes), 1.0F);
  dot.columns = 1;
  dot.b = ones_.data();
  dot.c = gradients_.data() + teacher_.value_count * student_values_;
  dot.c_row = 1;
  kernels_.dot(dot);
}

void FeatureLoss::StudentGradient(const HiddenBatch& batch, float* gradient) const {
  MultiplyArguments multiply;
  multiply.rows = student_values_;
  multiply.columns = batch.lanes;
  multiply.depth = teacher_.value_count;
  multiply.a = parameters_.data();
  multiply.a_row = 1;
  multiply.a_column = student_values_;
  multiply.b = projected_.data();
  multiply.b_offsets = offsets_.data();
  multiply.c = gradient;
  multiply.c_row = batch.lanes;
  kernels_.multiply(multiply);
}

}  // namespace tinyjoule
