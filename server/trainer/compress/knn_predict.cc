// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_predict.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

double Weight(const KnnModel& model, const KnnNeighbour& nearest, const KnnNeighbour& neighbour) {
  if (model.weights == KnnWeighting::kUniform) return 1;
  if (nearest.squared_distance == 0) return neighbour.squared_distance == 0 ? 1 : 0;
  return 1 / std::sqrt(static_cast<double>(neighbour.squared_distance));
}

// Appends the outputs that `neighbours` give.
void AppendVote(const KnnModel& model, absl::Span<const KnnNeighbour> neighbours,
                std::vector<double>& votes, std::vector<float>& outputs) {
  Vote(model, neighbours, absl::MakeSpan(votes));
  outputs.insert(outputs.end(), votes.begin(), votes.end());
}

}  // namespace

void Vote(const KnnModel& model, absl::Span<const KnnNeighbour> neighbours,
          absl::Span<double> outputs) {
  std::fill(outputs.begin(), outputs.end(), 0.0);
  double weights = 0;
  for (const KnnNeighbour& neighbour : neighbours) {
    const double weight = Weight(model, neighbours.front(), neighbour);
    weights += weight;
    if (model.classifies()) {
      outputs[static_cast<size_t>(model.classes[neighbour.row])] += weight;
      continue;
    }
    const float* target = &model.targets[neighbour.row * outputs.size()];
    for (size_t o = 0; o < outputs.size(); ++o) outputs[o] += weight * target[o];
  }
  for (double& output : outputs) output /= weights;
}

std::vector<float> Predict(const KnnModel& model, absl::Span<const float> samples) {
  KnnSearch search(KnnPointValues(model), static_cast<size_t>(model.features));
  const size_t count = static_cast<size_t>(model.k);
  const std::vector<KnnNeighbour> nearest = search.Nearest(samples, count);
  std::vector<double> votes(static_cast<size_t>(model.output_count()));
  std::vector<float> outputs;
  outputs.reserve(nearest.size() / count * votes.size());
  for (size_t first = 0; first < nearest.size(); first += count) {
    AppendVote(model, absl::MakeConstSpan(nearest).subspan(first, count), votes, outputs);
  }
  return outputs;
}

std::vector<float> PredictLeavingOneOut(const KnnModel& model) {
  const std::vector<float> points = KnnPointValues(model);
  KnnSearch search(points, static_cast<size_t>(model.features));
  const size_t count = std::min<size_t>(static_cast<size_t>(model.k) + 1, search.rows());
  const std::vector<KnnNeighbour> nearest = search.Nearest(points, count);
  std::vector<double> votes(static_cast<size_t>(model.output_count()));
  std::vector<float> outputs;
  std::vector<KnnNeighbour> others;
  for (uint32_t row = 0; row < search.rows(); ++row) {
    others.assign(nearest.begin() + static_cast<std::ptrdiff_t>(row * count),
                  nearest.begin() + static_cast<std::ptrdiff_t>((row + 1) * count));
    const auto itself = std::find_if(others.begin(), others.end(),
                                     [row](const KnnNeighbour& other) { return other.row == row; });
    // It may be missing among more than k points that are equal to it.
    others.erase(itself == others.end() ? others.end() - 1 : itself);
    AppendVote(model, others, votes, outputs);
  }
  return outputs;
}

}  // namespace tinyjoule
