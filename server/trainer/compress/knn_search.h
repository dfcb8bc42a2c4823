// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_KNN_SEARCH_H_
#define SERVER_TRAINER_COMPRESS_KNN_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"

namespace tinyjoule {

// A point near a sample.
struct KnnNeighbour {
  float squared_distance = 0;
  uint32_t row = 0;
};

// How the nearest points are found: by comparing with all of them in vector instructions, or by a
// k-d tree (nanoflann) that leaves most of them out. Both give the same bits.
enum class KnnSearchMethod { kBruteForce, kTree };

// The faster one: trees win where there are many points of few features.
KnnSearchMethod FasterKnnSearch(size_t rows, size_t features);

// Exact search of the nearest points, the lower row first among equals. Not thread-safe.
class KnnSearch {
 public:
  // `points` [row][feature], copied; at least one.
  KnnSearch(absl::Span<const float> points, size_t features);
  KnnSearch(absl::Span<const float> points, size_t features, KnnSearchMethod method);
  ~KnnSearch();
  KnnSearch(const KnnSearch&) = delete;
  KnnSearch& operator=(const KnnSearch&) = delete;

  size_t rows() const { return rows_; }
  // [sample][min(count, rows)] for samples [sample][feature], nearest first.
  std::vector<KnnNeighbour> Nearest(absl::Span<const float> samples, size_t count);

 private:
  class Table;
  class Tree;

  size_t rows_;
  size_t features_;
  // One of the two.
  std::unique_ptr<Table> table_;
  std::unique_ptr<Tree> tree_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_KNN_SEARCH_H_
