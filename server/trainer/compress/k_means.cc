// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/k_means.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "server/trainer/compress/knn_search.h"

namespace tinyjoule {
namespace {

constexpr int kMaxIterations = 300;

double SquaredDistance(absl::Span<const float> a, absl::Span<const float> b) {
  double sum = 0;
  for (size_t f = 0; f < a.size(); ++f) {
    const double difference = static_cast<double>(a[f]) - b[f];
    sum += difference * difference;
  }
  return sum;
}

// An index with a probability that goes with its weight. Some weight is above 0.
size_t Draw(const std::vector<double>& weights, RandomSource& random) {
  double sum = 0;
  for (double weight : weights) sum += weight;
  double left = sum * (static_cast<double>(random() >> 11) * 0x1.0p-53);
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if (left < weights[i]) break;
    left -= weights[i];
  }
  return last;
}

class Lloyd {
 public:
  Lloyd(absl::Span<const float> points, size_t features, std::vector<float> centers)
      : points_(points), features_(features), rows_(points.size() / features) {
    cells_.centers = std::move(centers);
  }

  Cells Run() {
    bool changed = Assign();
    for (int i = 0; i < kMaxIterations && changed; ++i) {
      MoveCenters();
      changed = Assign();
    }
    return std::move(cells_);
  }

 private:
  absl::Span<const float> Point(size_t row) const {
    return points_.subspan(row * features_, features_);
  }

  // Whether a point changed its cell.
  bool Assign() {
    KnnSearch search(cells_.centers, features_);
    nearest_ = search.Nearest(points_, 1);
    std::vector<uint32_t> cell_of(rows_);
    cells_.inertia = 0;
    for (size_t row = 0; row < rows_; ++row) {
      cell_of[row] = nearest_[row].row;
      cells_.inertia += nearest_[row].squared_distance;
    }
    const bool changed = cell_of != cells_.cell_of;
    cells_.cell_of = std::move(cell_of);
    return changed;
  }

  void MoveCenters() {
    std::vector<double> sums(cells_.centers.size());
    std::vector<size_t> counts(sums.size() / features_);
    for (size_t row = 0; row < rows_; ++row) {
      const size_t cell = cells_.cell_of[row];
      ++counts[cell];
      for (size_t f = 0; f < features_; ++f) sums[cell * features_ + f] += Point(row)[f];
    }
    for (size_t cell = 0; cell < counts.size(); ++cell) {
      if (counts[cell] == 0) {
        Restart(cell);
        continue;
      }
      for (size_t i = cell * features_; i < (cell + 1) * features_; ++i) {
        cells_.centers[i] = static_cast<float>(sums[i] / static_cast<double>(counts[cell]));
      }
    }
  }

  void Restart(size_t cell) {
    const auto farthest = std::max_element(nearest_.begin(), nearest_.end(),
                                           [](const KnnNeighbour& a, const KnnNeighbour& b) {
                                             return a.squared_distance < b.squared_distance;
                                           });
    const absl::Span<const float> point = Point(static_cast<size_t>(farthest - nearest_.begin()));
    std::copy(point.begin(), point.end(),
              cells_.centers.begin() + static_cast<std::ptrdiff_t>(cell * features_));
    // The next empty cell takes another one.
    farthest->squared_distance = 0;
  }

  absl::Span<const float> points_;
  size_t features_;
  size_t rows_;
  Cells cells_;
  std::vector<KnnNeighbour> nearest_;
};

}  // namespace

std::vector<float> SeedCenters(absl::Span<const float> points, size_t features, size_t count,
                               RandomSource& random) {
  const size_t rows = points.size() / features;
  // The first is any of them.
  std::vector<double> weights(rows, 1.0);
  std::vector<double> distances(rows, std::numeric_limits<double>::infinity());
  std::vector<float> centers;
  while (centers.size() < count * features) {
    const absl::Span<const float> chosen =
        points.subspan(Draw(weights, random) * features, features);
    centers.insert(centers.end(), chosen.begin(), chosen.end());
    bool others = false;
    for (size_t row = 0; row < rows; ++row) {
      const double distance = SquaredDistance(points.subspan(row * features, features), chosen);
      distances[row] = std::min(distances[row], distance);
      others |= distances[row] > 0;
    }
    if (!others) break;
    weights = distances;
  }
  return centers;
}

Cells RunLloyd(absl::Span<const float> points, size_t features, std::vector<float> centers) {
  return Lloyd(points, features, std::move(centers)).Run();
}

absl::StatusOr<Cells> KMeans(absl::Span<const float> points, size_t features, size_t count,
                             RandomSource& random) {
  std::vector<float> centers = SeedCenters(points, features, count, random);
  if (count == 0 || centers.size() < count * features) {
    return absl::InvalidArgumentError(absl::StrCat("k-means: ", count, " centers for ",
                                                   centers.size() / features, " different points"));
  }
  return RunLloyd(points, features, std::move(centers));
}

}  // namespace tinyjoule
