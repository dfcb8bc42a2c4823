// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_KNN_PREDICT_H_
#define SERVER_TRAINER_COMPRESS_KNN_PREDICT_H_

#include <vector>

#include "absl/types/span.h"
#include "common/onnx/knn_model.h"
#include "server/trainer/compress/knn_search.h"

namespace tinyjoule {

// The outputs [row][output] of a k-nearest-neighbour model for samples [row][feature], as
// knn_model.h defines them.
std::vector<float> Predict(const KnnModel& model, absl::Span<const float> samples);

// The outputs [stored point][output] for the stored points, each of which is left out when it is
// asked itself: what the model says to a row that it does not know.
std::vector<float> PredictLeavingOneOut(const KnnModel& model);

// What these neighbours, nearest first, vote: outputs[output].
void Vote(const KnnModel& model, absl::Span<const KnnNeighbour> neighbours,
          absl::Span<double> outputs);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_KNN_PREDICT_H_
