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
      for (size_t f = 0; f < value_count; ++f) points_[f * size + i] = value(i, f);
    }
    MeasurePoints();
  }

  size_t size() const { return size_; }
  // Value f of every point.
  const double* values(size_t f) const { return &points_[f * size_]; }
  // The inner products of point i with every point.
  const double* products(size_t i) const { return &products_[i * size_]; }
  double distance(size_t i, size_t j) const { return distances_[i * size_ + j]; }
  // 1 / distance from point i to every point; 0 for points in one place, which have no direction.
  const double* inverses(size_t i) const { return &inverses_[i * size_]; }
  // Mean of the distances above 0; 0 when there is none.
  double mean_distance() const { return mean_distance_; }
  // Pairs of points that are apart.
  size_t pair_count() const { return pair_count_; }

 private:
  void MeasurePoints();

  size_t size_ = 0;
  size_t width_ = 0;
  // [width][size]
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
  double CompareAnglesAt(size_t vertex);
  void StudentGradient(const HiddenBatch& batch, float* gradient);
  // The derivative with respect to each product, both (i, j) and (j, i) standing for it.
  void FinishProductSlopes();

  size_t layer_;
  TeacherFeatures teacher_values_;
  double beta_;
  Relations student_;
  Relations teacher_;
  // [size][size]: derivatives with respect to the student's distances, for i <= j, and products, of
  // which (i, j) and (j, i) are one.
  std::vector<double> distance_slopes_;
  std::vector<double> product_slopes_;
  // Of the angles at one vertex: [size] of either side, [3][size], and [size], 0 for one point.
  std::vector<double> student_shifts_;
  std::vector<double> teacher_shifts_;
  std::vector<double> sums_;
  std::vector<double> mask_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_RELATIONAL_LOSS_H_
