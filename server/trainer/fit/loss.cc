// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tinyjoule {
namespace {

struct ValueAndSlope {
  double value;
  double slope;
};

ValueAndSlope RegressionLoss(const LossOptions& options, double difference) {
  const double size = std::abs(difference);
  const double sign = difference > 0 ? 1.0 : (difference < 0 ? -1.0 : 0.0);
  switch (options.kind) {
    case v1::LOSS_MAE:
      return {size, sign};
    case v1::LOSS_HUBER:
      if (size <= options.huber_delta) return {0.5 * difference * difference, difference};
      return {options.huber_delta * (size - 0.5 * options.huber_delta), options.huber_delta * sign};
    default:
      return {difference * difference, 2.0 * difference};
  }
}

ValueAndSlope RegressionValue(const LossOptions& options, const LossBatch& batch, double output,
                              size_t place) {
  ValueAndSlope loss = RegressionLoss(options, output - batch.targets[place]);
  if (batch.teacher != nullptr) {
    const ValueAndSlope soft = RegressionLoss(options, output - batch.teacher[place]);
    const double weight = options.label_weight;
    loss.value = weight * loss.value + (1 - weight) * soft.value;
    loss.slope = weight * loss.slope + (1 - weight) * soft.slope;
  }
  return loss;
}

// The mean over the outputs.
double RegressionRow(const LossOptions& options, const LossBatch& batch, size_t lane, double scale,
                     float* gradient) {
  const size_t outputs = static_cast<size_t>(batch.output_count);
  const double share = 1.0 / static_cast<double>(outputs);
  double sum = 0;
  for (size_t o = 0; o < outputs; ++o) {
    const size_t at = o * static_cast<size_t>(batch.lanes) + lane;
    const ValueAndSlope loss =
        RegressionValue(options, batch, batch.outputs[at], batch.rows[lane] * outputs + o);
    if (gradient != nullptr) gradient[at] = static_cast<float>(loss.slope * scale * share);
    sum += loss.value;
  }
  return sum * share;
}

// log softmax(scores / temperature), in place.
void LogSoftmax(double temperature, std::vector<double>& scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) {
    score = (score - largest) / temperature;
    sum += std::exp(score);
  }
  const double log_sum = std::log(sum);
  for (double& score : scores) score -= log_sum;
}

class ClassificationRow {
 public:
  ClassificationRow(const LossOptions& options, const LossBatch& batch)
      : options_(options),
        batch_(batch),
        classes_(static_cast<size_t>(batch.output_count)),
        lanes_(static_cast<size_t>(batch.lanes)),
        hard_(classes_),
        soft_(classes_),
        teacher_(classes_) {}

  double Compute(size_t lane, double scale, float* gradient) {
    for (size_t c = 0; c < classes_; ++c) hard_[c] = batch_.outputs[c * lanes_ + lane];
    soft_ = hard_;
    LogSoftmax(1, hard_);
    const uint32_t row = batch_.rows[lane];
    const size_t label = static_cast<size_t>(batch_.targets[row]);
    const double weight = batch_.teacher == nullptr ? 1 : options_.label_weight;
    double loss = -weight * hard_[label];
    if (batch_.teacher != nullptr) loss += (1 - weight) * SoftLoss(row);
    if (gradient == nullptr) return loss;
    for (size_t c = 0; c < classes_; ++c) {
      double slope = weight * (std::exp(hard_[c]) - (c == label ? 1.0 : 0.0));
      if (batch_.teacher != nullptr) {
        slope += (1 - weight) * options_.temperature * (std::exp(soft_[c]) - std::exp(teacher_[c]));
      }
      gradient[c * lanes_ + lane] = static_cast<float>(slope * scale);
    }
    return loss;
  }

 private:
  double SoftLoss(uint32_t row) {
    std::copy_n(batch_.teacher + row * classes_, classes_, teacher_.begin());
    LogSoftmax(options_.temperature, teacher_);
    LogSoftmax(options_.temperature, soft_);
    double divergence = 0;
    for (size_t c = 0; c < classes_; ++c) {
      divergence += std::exp(teacher_[c]) * (teacher_[c] - soft_[c]);
    }
    return options_.temperature * options_.temperature * divergence;
  }

  const LossOptions& options_;
  const LossBatch& batch_;
  size_t classes_;
  size_t lanes_;
  std::vector<double> hard_;
  std::vector<double> soft_;
  std::vector<double> teacher_;
};

}  // namespace

double ComputeLoss(const LossOptions& options, const LossBatch& batch, float* gradient) {
  if (gradient != nullptr) std::fill_n(gradient, batch.output_count * batch.lanes, 0.0F);
  const double scale = 1.0 / static_cast<double>(batch.rows.size());
  double sum = 0;
  if (!options.classifies()) {
    for (size_t lane = 0; lane < batch.rows.size(); ++lane) {
      sum += RegressionRow(options, batch, lane, scale, gradient);
    }
    return sum;
  }
  ClassificationRow row(options, batch);
  for (size_t lane = 0; lane < batch.rows.size(); ++lane) {
    sum += row.Compute(lane, scale, gradient);
  }
  return sum;
}

}  // namespace tinyjoule
