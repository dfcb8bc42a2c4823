// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_KNN_CONDENSE_H_
#define SERVER_TRAINER_COMPRESS_KNN_CONDENSE_H_

#include <cstddef>
#include <vector>

#include "common/onnx/knn_model.h"

namespace tinyjoule {

// `count` rows of the model in the order in which condensing by error contribution removes them:
// each time the stored point whose loss raises the error least, the lower row among equals. The
// error is the sum, over all points that the model had at first, of the squared difference between
// the point's own target (for a class: 1 for it and 0 for the others, which makes it the Brier
// score) and what the stored points but itself vote for it.
//
// This is decremental reduction as in DROP2 of Wilson and Martinez (2000), with sums of errors as
// Arnaiz-Gonzalez et al. (2016) have them for regression; its forefathers are the condensed
// nearest neighbour rule (Hart 1968) and the reduced one (Gates 1972). First go points that mislead
// their neighbours, whose loss lowers the error, as in Wilson's editing (1972); then those that
// others can stand in for.
//
// A removal concerns the points that have the removed one among their k + 1 nearest, about k + 1 of
// them: ten thousand points take a second or two.
std::vector<size_t> CondensedRows(const KnnModel& model, size_t count);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_KNN_CONDENSE_H_
