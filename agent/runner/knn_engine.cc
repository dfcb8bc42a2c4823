// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/knn_engine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tinyjoule {
namespace {

// Distances of a block fit the first-level cache of every board.
constexpr int64_t kBlockRows = 1024;

// Rows of `features` values to `features` rows of values.
template <typename T>
std::vector<T> ByFeature(const std::vector<T>& points, int64_t features) {
  const size_t columns = static_cast<size_t>(features);
  const size_t rows = points.size() / columns;
  std::vector<T> result(points.size());
  for (size_t i = 0; i < points.size(); ++i) result[i % columns * rows + i / columns] = points[i];
  return result;
}

}  // namespace

KnnEngine::KnnEngine(KnnModel model)
    : model_(std::move(model)),
      input_shape_({1, model_.features}),
      output_shape_({1, model_.output_count()}),
      points_(ByFeature(std::exchange(model_.points, {}), model_.features)),
      quantized_points_(ByFeature(std::exchange(model_.quantized_points, {}), model_.features)),
      squared_distances_(kBlockRows) {
  // One more than k, for the moment of insertion.
  nearest_.reserve(static_cast<size_t>(model_.k) + 1);
}

void KnnEngine::Run(const void* input, void* output) {
  const float* const query = static_cast<const float*>(input);
  nearest_.clear();
  if (quantized_points_.empty()) {
    Search(points_, query);
  } else {
    Search(quantized_points_, query);
  }
  Vote(static_cast<float*>(output));
}

template <typename T>
void KnnEngine::Search(const std::vector<T>& points, const float* query) {
  for (int64_t first = 0; first < model_.rows; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, model_.rows - first);
    std::fill_n(squared_distances_.begin(), count, 0.0f);
    for (int64_t feature = 0; feature < model_.features; ++feature) {
      AddSquares(points, feature, query[feature], first, count);
    }
    for (int64_t i = 0; i < count; ++i) {
      Offer(squared_distances_[static_cast<size_t>(i)], first + i);
    }
  }
}

template <typename T>
void KnnEngine::AddSquares(const std::vector<T>& points, int64_t feature, float value,
                           int64_t first, int64_t count) {
  const float scale = model_.scales.empty() ? 1.0f : model_.scales[static_cast<size_t>(feature)];
  const T* const column = points.data() + feature * model_.rows + first;
  float* const sums = squared_distances_.data();
  for (int64_t i = 0; i < count; ++i) {
    const float difference = value - scale * static_cast<float>(column[i]);
    sums[i] += difference * difference;
  }
}

void KnnEngine::Offer(float squared_distance, int64_t row) {
  const bool full = static_cast<int64_t>(nearest_.size()) == model_.k;
  // Rows come in order, so that of equal distances the lower row stays.
  if (full && !(squared_distance < nearest_.back().squared_distance)) return;
  const auto place = std::upper_bound(
      nearest_.begin(), nearest_.end(), squared_distance,
      [](float distance, const Neighbour& other) { return distance < other.squared_distance; });
  nearest_.insert(place, {squared_distance, row});
  if (full) nearest_.pop_back();
}

float KnnEngine::WeightOf(const Neighbour& neighbour) const {
  if (model_.weights == KnnWeighting::kUniform) return 1.0f;
  const bool any_exact = nearest_.front().squared_distance == 0;
  if (any_exact) return neighbour.squared_distance == 0 ? 1.0f : 0.0f;
  return 1.0f / std::sqrt(neighbour.squared_distance);
}

void KnnEngine::Vote(float* output) const {
  const int64_t outputs = model_.output_count();
  std::fill_n(output, outputs, 0.0f);
  float total = 0;
  for (const Neighbour& neighbour : nearest_) total += WeightOf(neighbour);
  for (const Neighbour& neighbour : nearest_) {
    const float share = WeightOf(neighbour) / total;
    if (model_.classifies()) {
      output[model_.classes[static_cast<size_t>(neighbour.row)]] += share;
      continue;
    }
    const float* const target = model_.targets.data() + neighbour.row * outputs;
    for (int64_t i = 0; i < outputs; ++i) output[i] += share * target[i];
  }
}

std::string KnnEngine::version() const { return "knn " TINYJOULE_VERSION " (brute force)"; }

}  // namespace tinyjoule
