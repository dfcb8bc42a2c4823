// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/dataset_cache.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {

absl::StatusOr<std::shared_ptr<const Dataset>> DatasetCache::Get(const v1::TrainingTask& task) {
  const v1::DatasetSpec& spec = task.trial().dataset();
  const uint64_t seed = task.trial().seed();
  std::string key = DatasetSha256(spec, task.inputs(), seed);
  // A file without a hash is known by its place only, and may have changed since.
  bool known_by_content = true;
  for (const v1::InputFile& input : task.inputs()) known_by_content &= !input.sha256().empty();
  for (auto entry = entries_.begin(); known_by_content && entry != entries_.end(); ++entry) {
    if (entry->first != key) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return entries_.front().second;
  }
  TJ_ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> dataset,
                      LoadDataset(spec, task.inputs(), seed));
  if (!known_by_content) return dataset;
  entries_.emplace_front(std::move(key), dataset);
  if (entries_.size() > capacity_) entries_.pop_back();
  return dataset;
}

}  // namespace tinyjoule
