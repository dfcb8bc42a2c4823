// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_METRICS_METRICS_H_
#define COMMON_METRICS_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// MAE, RMSE and R2 = 1 - SS_res / SS_tot of n predictions, in double with compensated sums. R2 is
// absent when the targets have no variance. InvalidArgument: no rows, different lengths, a value
// that is not finite.
absl::StatusOr<v1::QualityMetrics> RegressionMetrics(absl::Span<const float> targets,
                                                     absl::Span<const float> predictions);

// Accuracy and macro means of precision, recall and F1 over every class that occurs in targets or
// predictions, with scikit-learn's conventions: a class without predictions (or without targets)
// has precision (recall) 0. InvalidArgument: no rows, different lengths.
absl::StatusOr<v1::QualityMetrics> ClassificationMetrics(absl::Span<const int64_t> targets,
                                                         absl::Span<const int64_t> predictions);

// The index of the largest score of each row (the first of equals): scores [rows, classes].
// InvalidArgument: no classes, a ragged size, NaN.
absl::StatusOr<std::vector<int64_t>> ArgMaxRows(absl::Span<const float> scores, size_t classes);

// Class indices that are stored as float32. InvalidArgument: not a whole number >= 0.
absl::StatusOr<std::vector<int64_t>> ClassIndices(absl::Span<const float> values);

// Regression or classification as `kind` says: targets float32 [rows] (class indices for
// classification), predictions [rows] or [rows, classes].
absl::StatusOr<v1::QualityMetrics> ComputeQuality(v1::OutputKind kind,
                                                  absl::Span<const float> targets,
                                                  absl::Span<const float> predictions);

}  // namespace tinyjoule

#endif  // COMMON_METRICS_METRICS_H_
