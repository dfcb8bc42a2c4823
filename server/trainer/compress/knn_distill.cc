// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random_source.h"
#include "common/base/status.h"
#include "server/trainer/compress/distill.h"
#include "server/trainer/compress/k_means.h"

namespace tinyjoule {
namespace {

constexpr double kAlpha = 0.5;
constexpr int64_t kNeighbours = 5;

// softmax of one row's outputs, in place.
void ToShares(absl::Span<float> outputs) {
  const float largest = *std::max_element(outputs.begin(), outputs.end());
  double sum = 0;
  for (float& output : outputs) {
    output = std::exp(output - largest);
    sum += output;
  }
  for (float& output : outputs) output = static_cast<float>(output / sum);
}

// [row][output]: alpha x label + (1 - alpha) x teacher.
std::vector<float> RowTargets(double alpha, const CompressionInput& input,
                              const TrainedModel& teacher) {
  std::vector<float> targets = TeacherResponses(teacher, input);
  const size_t outputs = static_cast<size_t>(OutputCount(teacher));
  const absl::Span<const float> labels = input.rows.targets;
  for (size_t row = 0; row < targets.size() / outputs; ++row) {
    const absl::Span<float> taught = absl::MakeSpan(targets).subspan(row * outputs, outputs);
    if (input.classifies) ToShares(taught);
    for (size_t o = 0; o < outputs; ++o) {
      const double truth = input.classifies ? (static_cast<size_t>(labels[row]) == o ? 1.0 : 0.0)
                                            : labels[row * outputs + o];
      taught[o] = static_cast<float>(alpha * truth + (1 - alpha) * taught[o]);
    }
  }
  return targets;
}

// [cell][output]
std::vector<float> CellMeans(const Cells& cells, size_t cell_count,
                             const std::vector<float>& targets) {
  const size_t outputs = targets.size() / cells.cell_of.size();
  std::vector<double> sums(cell_count * outputs);
  std::vector<double> counts(cell_count);
  for (size_t row = 0; row < cells.cell_of.size(); ++row) {
    const size_t cell = cells.cell_of[row];
    counts[cell] += 1;
    for (size_t o = 0; o < outputs; ++o) sums[cell * outputs + o] += targets[row * outputs + o];
  }
  std::vector<float> means;
  for (size_t i = 0; i < sums.size(); ++i) {
    means.push_back(static_cast<float>(sums[i] / counts[i / outputs]));
  }
  return means;
}

}  // namespace

absl::StatusOr<KnnModel> DistillPrototypes(const v1::DistillStep& step,
                                           const CompressionInput& input, uint64_t seed,
                                           const TrainedModel& teacher) {
  const v1::ModelSpec& spec = step.student();
  if (step.kind() != v1::DISTILL_KIND_RESPONSE) {
    return absl::InvalidArgumentError(
        "kind: the student is a tinyknn, which has no hidden layer; use kind: response");
  }
  if (!spec.has_prototypes()) {
    return absl::InvalidArgumentError("student: a tinyknn needs prototypes, how many it stores");
  }
  const int64_t features = std::accumulate(input.data_shape.begin(), input.data_shape.end(),
                                           int64_t{1}, std::multiplies<int64_t>());
  SeededRandom random(seed);
  absl::StatusOr<Cells> cells =
      KMeans(input.rows.inputs, static_cast<size_t>(features), spec.prototypes(), random);
  if (!cells.ok()) return Annotate(cells.status(), "student.prototypes");
  const std::vector<float> targets =
      RowTargets(step.has_alpha() ? step.alpha() : kAlpha, input, teacher);
  const int64_t count = spec.prototypes();
  std::vector<float> means = CellMeans(*cells, spec.prototypes(), targets);
  return MakeKnnRegressor(
      spec.has_k() ? spec.k() : kNeighbours,
      spec.weights() == v1::KNN_WEIGHTS_DISTANCE ? KnnWeighting::kDistance : KnnWeighting::kUniform,
      {{count, features}, std::move(cells->centers)},
      {{count, OutputCount(teacher)}, std::move(means)});
}

}  // namespace tinyjoule
