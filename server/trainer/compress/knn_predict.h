// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_KNN_PREDICT_H_
#define SERVER_TRAINER_COMPRESS_KNN_PREDICT_H_

#include <vector>

#include "absl/types/span.h"
#include "common/onnx/knn_model.h"

namespace tinyjoule {

// The outputs [row][output] of a k-nearest-neighbour model for samples [row][feature], as
// knn_model.h defines them, by comparing with every stored point.
std::vector<float> Predict(const KnnModel& model, absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_KNN_PREDICT_H_
