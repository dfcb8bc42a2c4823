// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_SPLIT_INDICES_H_
#define SERVER_TRAINER_DATA_SPLIT_INDICES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/trainer/data/dataset.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Which samples train and which are tested. Disjoint; in order, or shuffled.
struct SplitIndices {
  std::vector<size_t> train;
  std::vector<size_t> test;
};

// The arithmetic of MakeSplit (dataset.h), before max_train and max_test. Either part may be empty.
// InvalidArgument: a fold out of range, a split that the data set cannot have.
absl::StatusOr<SplitIndices> IndicesOf(const Dataset& dataset, const v1::SplitSpec& spec,
                                       uint32_t fold, uint64_t seed);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_SPLIT_INDICES_H_
