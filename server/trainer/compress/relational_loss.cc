// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/relational_loss.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

double Huber(double difference) {
  const double size = std::abs(difference);
  return size < 1 ? 0.5 * difference * difference : size - 0.5;
}

double HuberSlope(double difference) { return std::clamp(difference, -1.0, 1.0); }

}  // namespace

void Relations::MeasurePoints() {
  products_.resize(size_ * size_);
  distances_.assign(size_ * size_, 0);
  inverses_.assign(size_ * size_, 0);
  mean_distance_ = 0;
  pair_count_ = 0;
  for (size_t i = 0; i < size_; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double product = 0;
      double square = 0;
      for (size_t f = 0; f < width_; ++f) {
        const double a = points_[i * width_ + f];
        const double b = points_[j * width_ + f];
        product += a * b;
        square += (a - b) * (a - b);
      }
      products_[i * size_ + j] = products_[j * size_ + i] = product;
      if (square == 0) continue;
      const double distance = std::sqrt(square);
      distances_[i * size_ + j] = distances_[j * size_ + i] = distance;
      inverses_[i * size_ + j] = inverses_[j * size_ + i] = 1 / distance;
      mean_distance_ += distance;
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
  const double weight = 2.0 / static_cast<double>(size * size * size);
  double loss = 0;
  for (size_t vertex = 0; vertex < size; ++vertex) loss += CompareAnglesAt(vertex, weight);
  return loss;
}

// Over i < k, each of which stands for (k, i) too; i = k has a cosine of 1 in both.
double RelationalLoss::CompareAnglesAt(size_t vertex, double weight) {
  const size_t size = student_.size();
  const auto at = [&](size_t i, size_t j) { return std::min(i, j) * size + std::max(i, j); };
  double loss = 0;
  for (size_t i = 0; i < size; ++i) {
    if (i == vertex) continue;
    for (size_t k = i + 1; k < size; ++k) {
      if (k == vertex) continue;
      const double cosine = student_.Cosine(i, vertex, k);
      const double difference = cosine - teacher_.Cosine(i, vertex, k);
      loss += weight * Huber(difference);
      const double slope = beta_ * weight * HuberSlope(difference);
      distance_slopes_[at(i, vertex)] -= slope * cosine * student_.inverse(i, vertex);
      distance_slopes_[at(k, vertex)] -= slope * cosine * student_.inverse(k, vertex);
      const double product = slope * student_.inverse(i, vertex) * student_.inverse(k, vertex);
      product_slopes_[at(i, k)] += product;
      product_slopes_[at(i, vertex)] -= product;
      product_slopes_[at(k, vertex)] -= product;
      product_slopes_[at(vertex, vertex)] += product;
    }
  }
  return loss;
}

void RelationalLoss::StudentGradient(const HiddenBatch& batch, float* gradient) {
  const size_t size = student_.size();
  const size_t lanes = static_cast<size_t>(batch.lanes);
  const size_t width = static_cast<size_t>(batch.value_count);
  std::fill_n(gradient, width * lanes, 0.0F);
  // distance^2 = product(i, i) + product(j, j) - 2 product(i, j).
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = i + 1; j < size; ++j) {
      const double share = distance_slopes_[i * size + j] * student_.inverse(i, j);
      product_slopes_[i * size + i] += share / 2;
      product_slopes_[j * size + j] += share / 2;
      product_slopes_[i * size + j] -= share;
    }
  }
  std::vector<double> row(width);
  for (size_t i = 0; i < size; ++i) {
    std::fill(row.begin(), row.end(), 0.0);
    for (size_t j = 0; j < size; ++j) {
      const double slope = product_slopes_[std::min(i, j) * size + std::max(i, j)];
      const double factor = i == j ? 2 * slope : slope;
      for (size_t f = 0; f < width; ++f) row[f] += factor * student_.point(j, f);
    }
    for (size_t f = 0; f < width; ++f) gradient[f * lanes + i] = static_cast<float>(row[f]);
  }
}

}  // namespace tinyjoule
