// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_predict.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tinyjoule {
namespace {

class NeighbourSearch {
 public:
  explicit NeighbourSearch(const KnnModel& model)
      : model_(model),
        rows_(static_cast<size_t>(model.rows)),
        features_(static_cast<size_t>(model.features)),
        columns_(rows_ * features_),
        distances_(rows_),
        order_(rows_) {
    const std::vector<float> points = KnnPointValues(model);
    for (size_t row = 0; row < rows_; ++row) {
      for (size_t f = 0; f < features_; ++f)
        columns_[f * rows_ + row] = points[row * features_ + f];
    }
  }

  void Predict(const float* sample, float* outputs) {
    MeasureDistances(sample);
    const auto neighbours = static_cast<std::ptrdiff_t>(model_.k);
    std::iota(order_.begin(), order_.end(), size_t{0});
    const auto nearer = [this](size_t a, size_t b) {
      return distances_[a] != distances_[b] ? distances_[a] < distances_[b] : a < b;
    };
    std::nth_element(order_.begin(), order_.begin() + neighbours - 1, order_.end(), nearer);
    std::sort(order_.begin(), order_.begin() + neighbours, nearer);
    Vote(outputs);
  }

 private:
  // Squares, the root being taken of the nearest only.
  void MeasureDistances(const float* sample) {
    std::fill(distances_.begin(), distances_.end(), 0.0F);
    for (size_t f = 0; f < features_; ++f) {
      const float* column = columns_.data() + f * rows_;
      const float value = sample[f];
      for (size_t row = 0; row < rows_; ++row) {
        const float difference = value - column[row];
        distances_[row] += difference * difference;
      }
    }
  }

  double Weight(size_t row) const {
    if (model_.weights == KnnWeighting::kUniform) return 1;
    const double nearest = distances_[order_.front()];
    if (nearest == 0) return distances_[row] == 0 ? 1 : 0;
    return 1 / std::sqrt(static_cast<double>(distances_[row]));
  }

  void Vote(float* outputs) const {
    const size_t count = static_cast<size_t>(model_.output_count());
    std::vector<double> sums(count);
    double weights = 0;
    for (size_t i = 0; i < static_cast<size_t>(model_.k); ++i) {
      const size_t row = order_[i];
      const double weight = Weight(row);
      weights += weight;
      if (model_.classifies()) {
        sums[static_cast<size_t>(model_.classes[row])] += weight;
        continue;
      }
      for (size_t o = 0; o < count; ++o) sums[o] += weight * model_.targets[row * count + o];
    }
    for (size_t o = 0; o < count; ++o) outputs[o] = static_cast<float>(sums[o] / weights);
  }

  const KnnModel& model_;
  size_t rows_;
  size_t features_;
  // The points as [feature][row].
  std::vector<float> columns_;
  std::vector<float> distances_;
  std::vector<size_t> order_;
};

}  // namespace

std::vector<float> Predict(const KnnModel& model, absl::Span<const float> samples) {
  const size_t features = static_cast<size_t>(model.features);
  const size_t outputs = static_cast<size_t>(model.output_count());
  const size_t rows = samples.size() / features;
  std::vector<float> predictions(rows * outputs);
  NeighbourSearch search(model);
  for (size_t row = 0; row < rows; ++row) {
    search.Predict(samples.data() + row * features, predictions.data() + row * outputs);
  }
  return predictions;
}

}  // namespace tinyjoule
