// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_RELATIONAL_LOSS_H_
#define SERVER_TRAINER_COMPRESS_RELATIONAL_LOSS_H_

#include <cstdint>
#include <vector>

#include "server/trainer/compress/feature_loss.h"
#include "server/trainer/fit/hidden_loss.h"

namespace tinyjoule {

// The distances and angles between `size` points: one for each row of a batch.
class Relations {
 public:
  // `value(i, f)` is value f of point i.
  template <typename Value>
  void Measure(size_t size, size_t value_count, const Value& value) {
    size_ = size;
    width_ = value_count;
    points_.resize(size * value_count);
    for (size_t i = 0; i < size; ++i) {
      for (size_t f = 0; f < value_count; ++f) points_[i * value_count + f] = value(i, f);
    }
    MeasurePoints();
  }

  size_t size() const { return size_; }
  double point(size_t i, size_t f) const { return points_[i * width_ + f]; }
  double distance(size_t i, size_t j) const { return distances_[i * size_ + j]; }
  // 1 / distance; 0 for points in one place, which have no direction.
  double inverse(size_t i, size_t j) const { return inverses_[i * size_ + j]; }
  // Mean of the distances above 0; 0 when there is none.
  double mean_distance() const { return mean_distance_; }
  // Pairs of points that are apart.
  size_t pair_count() const { return pair_count_; }
  // Cosine of the angle at point j between points i and k; 0 without a direction.
  double Cosine(size_t i, size_t j, size_t k) const {
    const double product = products_[i * size_ + k] - products_[i * size_ + j] -
                           products_[j * size_ + k] + products_[j * size_ + j];
    return product * inverse(i, j) * inverse(k, j);
  }

 private:
  void MeasurePoints();

  size_t size_ = 0;
  size_t width_ = 0;
  // [size][width]
  std::vector<double> points_;
  // [size][size]: inner products of the points, from which everything follows.
  std::vector<double> products_;
  std::vector<double> distances_;
  std::vector<double> inverses_;
  double mean_distance_ = 0;
  size_t pair_count_ = 0;
};

// beta x (distance + angle) of Park et al. (2019), "Relational knowledge distillation": the mean
// over all pairs of rows in the batch of the Huber loss (delta 1) between the student's and the
// teacher's distances, each divided by its own mean, and the mean over all triples of the Huber
// loss between the cosines of their angles. Only the first kMaxRows rows of a batch are related:
// the triples grow with its cube.
class RelationalLoss final : public HiddenLoss {
 public:
  static constexpr size_t kMaxRows = 64;

  RelationalLoss(size_t layer, const TeacherFeatures& teacher, double beta)
      : layer_(layer), teacher_values_(teacher), beta_(beta) {}

  size_t layer() const override { return layer_; }
  double Compute(const HiddenBatch& batch, float* gradient) override;

 private:
  // Both add to the derivatives below and give the loss.
  double CompareDistances();
  double CompareAngles();
  double CompareAnglesAt(size_t vertex, double weight);
  void StudentGradient(const HiddenBatch& batch, float* gradient);

  size_t layer_;
  TeacherFeatures teacher_values_;
  double beta_;
  Relations student_;
  Relations teacher_;
  // [size][size] for i <= j: derivatives with respect to the student's distances and products.
  std::vector<double> distance_slopes_;
  std::vector<double> product_slopes_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_RELATIONAL_LOSS_H_
