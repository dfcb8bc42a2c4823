// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_PRUNE_SCORES_H_
#define SERVER_TRAINER_COMPRESS_PRUNE_SCORES_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "common/base/random_source.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// What the pruning of networks and of stored points share.

// The share of `size`, to the nearest whole number, halves to the even one.
size_t CountToPrune(double sparsity, size_t size);

// The indices of the `count` lowest scores, ascending; lower indices first among equals.
std::vector<size_t> LowestScores(const std::vector<double>& scores, size_t count);

// At least 0.
std::vector<double> RandomScores(RandomSource& random, size_t count);

// InvalidArgument: missing, or not in [0, 1).
[[nodiscard]] absl::Status CheckPruneSparsity(const v1::PruneStep& step);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_PRUNE_SCORES_H_
