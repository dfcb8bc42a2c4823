// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_K_MEANS_H_
#define SERVER_TRAINER_COMPRESS_K_MEANS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random_source.h"

namespace tinyjoule {

// Points in cells, each with the mean of its points.
struct Cells {
  // [cell][feature]
  std::vector<float> centers;
  // [point]
  std::vector<uint32_t> cell_of;
  // Sum of the squared distances of all points from their centers.
  double inertia = 0;
};

// `count` of the points, each drawn with a probability that goes with its squared distance from
// those drawn before it (k-means++, Arthur and Vassilvitskii 2007): [center][feature]. Fewer where
// the points are not so many different ones.
std::vector<float> SeedCenters(absl::Span<const float> points, size_t features, size_t count,
                               RandomSource& random);

// Moves the centers by Lloyd's iteration (1982) until no point changes its cell, 300 times at
// most; of equally near centers a point takes the lower one. A cell without points starts again at
// the point that is farthest from its center.
Cells RunLloyd(absl::Span<const float> points, size_t features, std::vector<float> centers);

// Both. The same seed gives the same cells. InvalidArgument: fewer than `count` different points.
absl::StatusOr<Cells> KMeans(absl::Span<const float> points, size_t features, size_t count,
                             RandomSource& random);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_K_MEANS_H_
