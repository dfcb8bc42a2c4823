// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATASET_CACHE_H_
#define SERVER_TRAINER_DATASET_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/trainer/data/dataset.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// The data sets that were used last, by content, so that the tasks of one sweep read their files
// once. Not thread-safe.
class DatasetCache {
 public:
  explicit DatasetCache(size_t capacity) : capacity_(capacity) {}

  // From memory, or as LoadDataset.
  absl::StatusOr<std::shared_ptr<const Dataset>> Get(const v1::TrainingTask& task);

 private:
  size_t capacity_;
  // The last used one first.
  std::list<std::pair<std::string, std::shared_ptr<const Dataset>>> entries_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATASET_CACHE_H_
