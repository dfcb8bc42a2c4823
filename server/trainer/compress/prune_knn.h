// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_PRUNE_KNN_H_
#define SERVER_TRAINER_COMPRESS_PRUNE_KNN_H_

#include "absl/status/status.h"
#include "common/base/random_source.h"
#include "common/onnx/knn_model.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Removes round(sparsity x rows) stored points, at random or as CondensedRows says (criterion
// error); the order of the others stays. InvalidArgument: another criterion, or fewer points left
// than k.
[[nodiscard]] absl::Status PruneKnn(const v1::PruneStep& step, RandomSource& random,
                                    KnnModel& model);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_PRUNE_KNN_H_
