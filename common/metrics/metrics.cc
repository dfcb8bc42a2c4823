// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/metrics.h"

#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// Above 2^24 a float32 no longer holds every whole number.
constexpr float kMaxClassIndex = 16'777'216.0F;

// Neumaier's compensated sum: the rounding of each addition is kept apart and added last.
class CompensatedSum {
 public:
  void Add(double value) {
    const double sum = sum_ + value;
    const bool sum_larger = std::abs(sum_) >= std::abs(value);
    rounding_ += sum_larger ? (sum_ - sum) + value : (value - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + rounding_; }

 private:
  double sum_ = 0;
  double rounding_ = 0;
};

absl::Status CheckSizes(size_t targets, size_t predictions) {
  if (targets == 0) return absl::InvalidArgumentError("metrics of no rows");
  if (targets == predictions) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("metrics of ", targets, " targets and ", predictions, " predictions"));
}

absl::Status CheckFinite(absl::Span<const float> values, absl::string_view what) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return absl::InvalidArgumentError(absl::StrCat(what, " of row ", i, " is ", values[i]));
    }
  }
  return absl::OkStatus();
}

bool AllEqual(absl::Span<const float> values) {
  for (const float value : values) {
    if (value != values[0]) return false;
  }
  return true;
}

double SquaresAroundMean(absl::Span<const float> values) {
  CompensatedSum sum;
  for (const float value : values) sum.Add(value);
  const double mean = sum.value() / static_cast<double>(values.size());
  CompensatedSum squares;
  for (const float value : values) squares.Add((value - mean) * (value - mean));
  return squares.value();
}

struct ClassCounts {
  uint64_t hits = 0;
  uint64_t targets = 0;
  uint64_t predictions = 0;
};

double Ratio(uint64_t numerator, uint64_t denominator) {
  return denominator == 0 ? 0 : static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::map<int64_t, ClassCounts> CountClasses(absl::Span<const int64_t> targets,
                                            absl::Span<const int64_t> predictions) {
  std::map<int64_t, ClassCounts> classes;
  for (size_t i = 0; i < targets.size(); ++i) {
    ++classes[targets[i]].targets;
    ++classes[predictions[i]].predictions;
    if (targets[i] == predictions[i]) ++classes[targets[i]].hits;
  }
  return classes;
}

}  // namespace

absl::StatusOr<v1::QualityMetrics> RegressionMetrics(absl::Span<const float> targets,
                                                     absl::Span<const float> predictions) {
  TJ_RETURN_IF_ERROR(CheckSizes(targets.size(), predictions.size()));
  TJ_RETURN_IF_ERROR(CheckFinite(targets, "the target"));
  TJ_RETURN_IF_ERROR(CheckFinite(predictions, "the prediction"));
  CompensatedSum absolute;
  CompensatedSum squares;
  for (size_t i = 0; i < targets.size(); ++i) {
    const double error = static_cast<double>(predictions[i]) - static_cast<double>(targets[i]);
    absolute.Add(std::abs(error));
    squares.Add(error * error);
  }
  const double n = static_cast<double>(targets.size());
  v1::QualityMetrics metrics;
  metrics.set_mae(absolute.value() / n);
  metrics.set_rmse(std::sqrt(squares.value() / n));
  // Compared as values: the squares around a rounded mean need not vanish.
  if (!AllEqual(targets)) metrics.set_r2(1 - squares.value() / SquaresAroundMean(targets));
  return metrics;
}

absl::StatusOr<v1::QualityMetrics> ClassificationMetrics(absl::Span<const int64_t> targets,
                                                         absl::Span<const int64_t> predictions) {
  TJ_RETURN_IF_ERROR(CheckSizes(targets.size(), predictions.size()));
  const std::map<int64_t, ClassCounts> classes = CountClasses(targets, predictions);
  uint64_t hits = 0;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  for (const auto& [index, counts] : classes) {
    hits += counts.hits;
    precision += Ratio(counts.hits, counts.predictions);
    recall += Ratio(counts.hits, counts.targets);
    f1 += Ratio(2 * counts.hits, counts.predictions + counts.targets);
  }
  const double class_count = static_cast<double>(classes.size());
  v1::QualityMetrics metrics;
  metrics.set_accuracy(Ratio(hits, targets.size()));
  metrics.set_precision_macro(precision / class_count);
  metrics.set_recall_macro(recall / class_count);
  metrics.set_f1_macro(f1 / class_count);
  return metrics;
}

absl::StatusOr<std::vector<int64_t>> ArgMaxRows(absl::Span<const float> scores, size_t classes) {
  if (classes == 0 || scores.size() % classes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(scores.size(), " scores are not rows of ", classes, " classes"));
  }
  std::vector<int64_t> best;
  best.reserve(scores.size() / classes);
  for (size_t begin = 0; begin < scores.size(); begin += classes) {
    size_t index = 0;
    for (size_t k = 0; k < classes; ++k) {
      if (std::isnan(scores[begin + k])) {
        return absl::InvalidArgumentError(
            absl::StrCat("score ", k, " of row ", begin / classes, " is not a number"));
      }
      if (scores[begin + k] > scores[begin + index]) index = k;
    }
    best.push_back(static_cast<int64_t>(index));
  }
  return best;
}

absl::StatusOr<std::vector<int64_t>> ClassIndices(absl::Span<const float> values) {
  std::vector<int64_t> indices;
  indices.reserve(values.size());
  for (const float value : values) {
    const bool is_index = value >= 0 && value <= kMaxClassIndex && std::trunc(value) == value;
    if (!is_index) {
      return absl::InvalidArgumentError(
          absl::StrCat("class index of row ", indices.size(), " is ", value));
    }
    indices.push_back(static_cast<int64_t>(value));
  }
  return indices;
}

absl::StatusOr<v1::QualityMetrics> ComputeQuality(v1::OutputKind kind,
                                                  absl::Span<const float> targets,
                                                  absl::Span<const float> predictions) {
  if (kind == v1::OUTPUT_KIND_REGRESSION) return RegressionMetrics(targets, predictions);
  if (kind != v1::OUTPUT_KIND_CLASSIFICATION) {
    return absl::InvalidArgumentError("metrics need an output kind");
  }
  if (targets.empty()) return absl::InvalidArgumentError("metrics of no rows");
  if (predictions.size() % targets.size() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(predictions.size(), " scores for ", targets.size(), " rows"));
  }
  TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> classes, ClassIndices(targets));
  TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> best,
                      ArgMaxRows(predictions, predictions.size() / targets.size()));
  return ClassificationMetrics(classes, best);
}

}  // namespace tinyjoule
