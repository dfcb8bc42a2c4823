// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_predict.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "server/trainer/nn/kernels.h"

namespace tinyjoule {
namespace {

constexpr size_t kLane = static_cast<size_t>(kLanes);

class NeighbourSearch {
 public:
  explicit NeighbourSearch(const KnnModel& model)
      : model_(model),
        rows_(static_cast<size_t>(model.rows)),
        padded_rows_((rows_ + kLane - 1) / kLane * kLane),
        features_(static_cast<size_t>(model.features)),
        points_(padded_rows_ * features_),
        samples_(static_cast<size_t>(kDistanceSamples) * features_),
        distances_(static_cast<size_t>(kDistanceSamples) * padded_rows_),
        order_(rows_) {
    const std::vector<float> points = KnnPointValues(model);
    for (size_t row = 0; row < rows_; ++row) {
      for (size_t f = 0; f < features_; ++f) {
        points_[(row / kLane * features_ + f) * kLane + row % kLane] = points[row * features_ + f];
      }
    }
  }

  // At most kDistanceSamples samples.
  void Predict(const float* samples, size_t count, float* outputs) {
    std::copy_n(samples, count * features_, samples_.begin());
    DistanceArguments arguments;
    arguments.rows = static_cast<int64_t>(padded_rows_);
    arguments.features = model_.features;
    arguments.points = points_.data();
    arguments.samples = samples_.data();
    arguments.distances = distances_.data();
    BestKernels().distances(arguments);
    for (size_t i = 0; i < count; ++i) {
      FindNearest(&distances_[i * padded_rows_]);
      Vote(&distances_[i * padded_rows_], outputs + i * static_cast<size_t>(model_.output_count()));
    }
  }

 private:
  // Squares are compared, the root being taken of the nearest only.
  void FindNearest(const float* distances) {
    const auto neighbours = static_cast<std::ptrdiff_t>(model_.k);
    std::iota(order_.begin(), order_.end(), size_t{0});
    const auto nearer = [distances](size_t a, size_t b) {
      return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
    };
    std::nth_element(order_.begin(), order_.begin() + neighbours - 1, order_.end(), nearer);
    std::sort(order_.begin(), order_.begin() + neighbours, nearer);
  }

  double Weight(const float* distances, size_t row) const {
    if (model_.weights == KnnWeighting::kUniform) return 1;
    const double nearest = distances[order_.front()];
    if (nearest == 0) return distances[row] == 0 ? 1 : 0;
    return 1 / std::sqrt(static_cast<double>(distances[row]));
  }

  void Vote(const float* distances, float* outputs) const {
    const size_t count = static_cast<size_t>(model_.output_count());
    std::vector<double> sums(count);
    double weights = 0;
    for (size_t i = 0; i < static_cast<size_t>(model_.k); ++i) {
      const size_t row = order_[i];
      const double weight = Weight(distances, row);
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
  size_t padded_rows_;
  size_t features_;
  // As DistanceArguments wants them, with zeros behind the last row.
  std::vector<float> points_;
  // [kDistanceSamples][feature] and [kDistanceSamples][row].
  std::vector<float> samples_;
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
  const size_t step = static_cast<size_t>(kDistanceSamples);
  for (size_t row = 0; row < rows; row += step) {
    search.Predict(samples.data() + row * features, std::min(step, rows - row),
                   predictions.data() + row * outputs);
  }
  return predictions;
}

}  // namespace tinyjoule
