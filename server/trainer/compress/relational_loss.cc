// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/relational_loss.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

// Compiled for each instruction set, the best chosen at run time: all of the time is spent here.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TINYJOULE_EACH_INSTRUCTION_SET __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define TINYJOULE_EACH_INSTRUCTION_SET
#endif

double Huber(double difference) {
  const double size = std::abs(difference);
  return size < 1 ? 0.5 * difference * difference : size - 0.5;
}

double HuberSlope(double difference) { return std::clamp(difference, -1.0, 1.0); }

// Adds to the inner products of a point with all points, and to the squares of their distances. A
// point's values are `size` apart.
TINYJOULE_EACH_INSTRUCTION_SET
void CompareWithAll(const double* point, const double* __restrict others, size_t size, size_t width,
                    double* __restrict products, double* __restrict squares) {
  for (size_t f = 0; f < width; ++f) {
    const double value = point[f * size];
    for (size_t j = 0; j < size; ++j) {
      const double other = others[f * size + j];
      products[j] += value * other;
      squares[j] += (value - other) * (value - other);
    }
  }
}

// The angles (i, vertex, k) for one i and all k, of one side: cosine[k] = (products[k] + shifts[k]
// - own) x inverse x inverses[k].
struct AngleRow {
  const double* products;
  const double* shifts;
  const double* inverses;
  double own;
  double inverse;
};

// Per k over the i of one vertex, sums to which a row adds.
struct AngleSums {
  double* loss;
  double* cosine_slope;
  double* product_slope;
};

TINYJOULE_EACH_INSTRUCTION_SET
void CompareAngleRow(const AngleRow& student, const AngleRow& teacher,
                     const double* __restrict mask, double weight, size_t size,
                     const AngleSums& sums, double* __restrict product_slopes) {
  double* __restrict loss = sums.loss;
  double* __restrict cosine_slopes = sums.cosine_slope;
  double* __restrict scale_slopes = sums.product_slope;
  const double own = student.own;
  const double inverse = student.inverse;
  const double teacher_own = teacher.own;
  const double teacher_inverse = teacher.inverse;
  const double* products = student.products;
  const double* shifts = student.shifts;
  const double* inverses = student.inverses;
  const double* teacher_products = teacher.products;
  const double* teacher_shifts = teacher.shifts;
  const double* teacher_inverses = teacher.inverses;
#pragma GCC ivdep
  for (size_t k = 0; k < size; ++k) {
    const double scale = inverse * inverses[k];
    const double cosine = (products[k] + shifts[k] - own) * scale;
    const double taught = (teacher_products[k] + teacher_shifts[k] - teacher_own) *
                          (teacher_inverse * teacher_inverses[k]);
    const double difference = mask[k] * (cosine - taught);
    // std::clamp to [-1, 1], without a branch that would keep the loop from being vectorised.
    const double capped = 0.5 * (std::abs(difference + 1) - std::abs(difference - 1));
    loss[k] += capped * (difference - 0.5 * capped);
    cosine_slopes[k] += weight * capped * cosine;
    scale_slopes[k] += weight * capped * scale;
    product_slopes[k] += weight * capped * scale;
  }
}

// sums[i] = sum over j of values[j] x matrix[j][i].
TINYJOULE_EACH_INSTRUCTION_SET
void MultiplyAll(const double* values, const double* __restrict matrix, size_t size,
                 double* __restrict sums) {
  for (size_t i = 0; i < size; ++i) sums[i] = 0;
  for (size_t j = 0; j < size; ++j) {
    for (size_t i = 0; i < size; ++i) sums[i] += values[j] * matrix[j * size + i];
  }
}

std::vector<double> ShiftsAt(const Relations& relations, size_t vertex) {
  const double* products = relations.products(vertex);
  std::vector<double> shifts(relations.size());
  for (size_t k = 0; k < shifts.size(); ++k) shifts[k] = products[vertex] - products[k];
  return shifts;
}

AngleRow RowOf(const Relations& relations, const std::vector<double>& shifts, size_t i,
               size_t vertex) {
  return {relations.products(i), shifts.data(), relations.inverses(vertex),
          relations.products(i)[vertex], relations.inverses(i)[vertex]};
}

}  // namespace

void Relations::MeasurePoints() {
  products_.assign(size_ * size_, 0);
  distances_.assign(size_ * size_, 0);
  inverses_.assign(size_ * size_, 0);
  mean_distance_ = 0;
  pair_count_ = 0;
  for (size_t i = 0; i < size_; ++i) {
    double* distances = &distances_[i * size_];
    CompareWithAll(&points_[i], points_.data(), size_, width_, &products_[i * size_], distances);
    for (size_t j = 0; j < size_; ++j) {
      if (distances[j] == 0) continue;
      distances[j] = std::sqrt(distances[j]);
      inverses_[i * size_ + j] = 1 / distances[j];
      if (j > i) continue;
      mean_distance_ += distances[j];
      ++pair_count_;
    }
  }
  if (pair_count_ > 0) mean_distance_ /= static_cast<double>(pair_count_);
}

double RelationalLoss::Compute(const HiddenBatch& batch, float* gradient) {
  const size_t size = std::min(batch.rows.size(), kMaxRows);
  const size_t lanes = static_cast<size_t>(batch.lanes);
  const size_t width = static_cast<size_t>(teacher_values_.value_count);
  student_.Measure(size, static_cast<size_t>(batch.value_count),
                   [&](size_t i, size_t f) { return batch.values[f * lanes + i]; });
  teacher_.Measure(size, width, [&](size_t i, size_t f) {
    return teacher_values_.values[batch.rows[i] * width + f];
  });
  distance_slopes_.assign(size * size, 0);
  product_slopes_.assign(size * size, 0);
  const double loss = beta_ * (CompareDistances() + CompareAngles());
  StudentGradient(batch, gradient);
  return loss * static_cast<double>(batch.rows.size());
}

// Over pairs (i, j) with i < j, each of which stands for (j, i) too.
double RelationalLoss::CompareDistances() {
  const size_t size = student_.size();
  if (student_.pair_count() == 0 || teacher_.pair_count() == 0) return 0;
  const double weight = 2.0 / static_cast<double>(size * size);
  const double mean = student_.mean_distance();
  double loss = 0;
  double drift = 0;
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = i + 1; j < size; ++j) {
      const double difference =
          student_.distance(i, j) / mean - teacher_.distance(i, j) / teacher_.mean_distance();
      loss += weight * Huber(difference);
      const double slope = beta_ * weight * HuberSlope(difference) / mean;
      distance_slopes_[i * size + j] += slope;
      drift += slope * student_.distance(i, j);
    }
  }
  // Each distance is part of the mean by which all are divided.
  drift /= mean * static_cast<double>(student_.pair_count());
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = i + 1; j < size; ++j) distance_slopes_[i * size + j] -= drift;
  }
  return loss;
}

double RelationalLoss::CompareAngles() {
  const size_t size = student_.size();
  mask_.assign(size, 1);
  double loss = 0;
  for (size_t vertex = 0; vertex < size; ++vertex) loss += CompareAnglesAt(vertex);
  const double weight = 1.0 / static_cast<double>(size * size * size);
  return weight * loss;
}

// Over all i and k; i = k has a cosine of 1 in both. What stands for (i, k) and for (k, i) is the
// same, so that the sums over i are taken for both.
double RelationalLoss::CompareAnglesAt(size_t vertex) {
  const size_t size = student_.size();
  const double weight = beta_ / static_cast<double>(size * size * size);
  student_shifts_ = ShiftsAt(student_, vertex);
  teacher_shifts_ = ShiftsAt(teacher_, vertex);
  sums_.assign(3 * size, 0);
  const AngleSums sums = {&sums_[0], &sums_[size], &sums_[2 * size]};
  for (size_t i = 0; i < size; ++i) {
    mask_[i] = 0;
    CompareAngleRow(RowOf(student_, student_shifts_, i, vertex),
                    RowOf(teacher_, teacher_shifts_, i, vertex), mask_.data(), weight, size, sums,
                    &product_slopes_[i * size]);
    mask_[i] = 1;
  }
  double loss = 0;
  for (size_t k = 0; k < size; ++k) {
    loss += sums.loss[k];
    distance_slopes_[std::min(k, vertex) * size + std::max(k, vertex)] -=
        2 * sums.cosine_slope[k] * student_.inverses(k)[vertex];
    product_slopes_[k * size + vertex] -= 2 * sums.product_slope[k];
    product_slopes_[vertex * size + vertex] += sums.product_slope[k];
  }
  return loss;
}

// distance^2 = product(i, i) + product(j, j) - 2 product(i, j).
void RelationalLoss::FinishProductSlopes() {
  const size_t size = student_.size();
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = i + 1; j < size; ++j) {
      const double share = distance_slopes_[i * size + j] * student_.inverses(i)[j];
      product_slopes_[i * size + i] += share / 2;
      product_slopes_[j * size + j] += share / 2;
      const double both = product_slopes_[i * size + j] + product_slopes_[j * size + i] - share;
      product_slopes_[i * size + j] = product_slopes_[j * size + i] = both;
    }
  }
  for (size_t i = 0; i < size; ++i) product_slopes_[i * size + i] *= 2;
}

void RelationalLoss::StudentGradient(const HiddenBatch& batch, float* gradient) {
  const size_t size = student_.size();
  const size_t lanes = static_cast<size_t>(batch.lanes);
  const size_t width = static_cast<size_t>(batch.value_count);
  std::fill_n(gradient, width * lanes, 0.0F);
  FinishProductSlopes();
  sums_.resize(size);
  for (size_t f = 0; f < width; ++f) {
    MultiplyAll(student_.values(f), product_slopes_.data(), size, sums_.data());
    for (size_t i = 0; i < size; ++i) gradient[f * lanes + i] = static_cast<float>(sums_[i]);
  }
}

}  // namespace tinyjoule
