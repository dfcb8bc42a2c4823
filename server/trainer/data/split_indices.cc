// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/split_indices.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/random_source.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kDefaultFolds = 5;
constexpr double kDefaultTestFraction = 0.3;

// Uniform in [0, bound), without the bias of a plain remainder.
uint64_t UniformBelow(RandomSource& random, uint64_t bound) {
  const uint64_t rejected = (UINT64_MAX - bound + 1) % bound;
  uint64_t bits = random();
  while (bits < rejected) bits = random();
  return bits % bound;
}

// Fisher-Yates; std::shuffle's sequence is the library's own and differs between machines.
std::vector<size_t> Order(size_t count, bool shuffle, uint64_t seed) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  if (!shuffle) return order;
  SeededRandom random(seed);
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[UniformBelow(random, i)]);
  return order;
}

// `order` with the places [begin, end) tested and all others trained on.
SplitIndices Cut(const std::vector<size_t>& order, size_t begin, size_t end) {
  const auto first = order.begin() + static_cast<ptrdiff_t>(begin);
  const auto last = order.begin() + static_cast<ptrdiff_t>(end);
  SplitIndices indices;
  indices.test.assign(first, last);
  indices.train.assign(order.begin(), first);
  indices.train.insert(indices.train.end(), last, order.end());
  return indices;
}

absl::Status CheckFold(uint32_t fold, uint32_t folds) {
  if (fold < folds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("fold ", fold, " of ", folds, ": folds count from 0"));
}

absl::StatusOr<SplitIndices> WalkForward(size_t count, uint32_t folds, uint32_t fold) {
  TJ_RETURN_IF_ERROR(CheckFold(fold, folds));
  const size_t size = count / (folds + size_t{1});
  const size_t boundary = size * (fold + size_t{1});
  return Cut(Order(boundary + size, false, 0), boundary, boundary + size);
}

absl::StatusOr<SplitIndices> Holdout(size_t count, const v1::SplitSpec& spec, uint32_t fold,
                                     uint64_t seed) {
  TJ_RETURN_IF_ERROR(CheckFold(fold, 1));
  const double fraction = spec.has_test_fraction() ? spec.test_fraction() : kDefaultTestFraction;
  if (!(fraction > 0 && fraction < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("split.test_fraction: ", fraction, " is not between 0 and 1"));
  }
  // A little less before rounding up: 0.07 * 100 is 7.000000000000001.
  const auto tested = static_cast<size_t>(std::ceil(fraction * static_cast<double>(count) - 1e-9));
  return Cut(Order(count, spec.shuffle(), seed), count - std::min(tested, count), count);
}

absl::StatusOr<SplitIndices> KFold(size_t count, const v1::SplitSpec& spec, uint32_t folds,
                                   uint32_t fold, uint64_t seed) {
  TJ_RETURN_IF_ERROR(CheckFold(fold, folds));
  if (folds < 2) return absl::InvalidArgumentError("split.folds: kfold needs at least 2");
  return Cut(Order(count, spec.shuffle(), seed), count * fold / folds,
             count * (fold + size_t{1}) / folds);
}

absl::StatusOr<SplitIndices> OfficialSplit(const Dataset& dataset, uint32_t fold) {
  TJ_RETURN_IF_ERROR(CheckFold(fold, 1));
  const size_t count = dataset.sample_count();
  return Cut(Order(count, false, 0), dataset.official_train_count, count);
}

}  // namespace

absl::StatusOr<SplitIndices> IndicesOf(const Dataset& dataset, const v1::SplitSpec& spec,
                                       uint32_t fold, uint64_t seed) {
  const bool official = dataset.official_train_count > 0;
  const size_t count = official ? dataset.official_train_count : dataset.sample_count();
  const uint32_t folds = spec.has_folds() ? spec.folds() : kDefaultFolds;
  if (folds == 0) return absl::InvalidArgumentError("split.folds: must be at least 1");
  switch (spec.method()) {
    case v1::SPLIT_METHOD_KFOLD:
      return KFold(count, spec, folds, fold, seed);
    case v1::SPLIT_METHOD_HOLDOUT:
      if (!official || spec.has_test_fraction()) return Holdout(count, spec, fold, seed);
      return OfficialSplit(dataset, fold);
    case v1::SPLIT_METHOD_WALK_FORWARD:
      if (!dataset.pixels.empty()) {
        return absl::InvalidArgumentError("split.method: images have no order to walk forward in");
      }
      return WalkForward(count, folds, fold);
    default:
      break;
  }
  if (official) return OfficialSplit(dataset, fold);
  if (!dataset.pixels.empty()) return Holdout(count, spec, fold, seed);
  return WalkForward(count, folds, fold);
}

}  // namespace tinyjoule
