// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_search.h"

#include <algorithm>
#include <limits>
#include <nanoflann.hpp>

#include "server/trainer/nn/kernels.h"

namespace tinyjoule {
namespace {

constexpr size_t kLane = static_cast<size_t>(kLanes);
constexpr size_t kSamples = static_cast<size_t>(kDistanceSamples);

bool Nearer(const KnnNeighbour& a, const KnnNeighbour& b) {
  return a.squared_distance != b.squared_distance ? a.squared_distance < b.squared_distance
                                                  : a.row < b.row;
}

// A result set of nanoflann: every point that may be among the nearest when its distance is
// computed once more in single precision, whose rounding the slack covers.
class Candidates {
 public:
  using DistanceType = double;

  explicit Candidates(size_t count) : count_(count) {}

  size_t size() const { return nearest_.size(); }
  bool full() const { return nearest_.size() == count_; }
  bool addPoint(double distance, uint32_t row) {
    found_.push_back({distance, row});
    nearest_.insert(std::upper_bound(nearest_.begin(), nearest_.end(), distance), distance);
    if (nearest_.size() > count_) nearest_.pop_back();
    return true;
  }
  double worstDist() const {
    if (!full()) return std::numeric_limits<double>::infinity();
    return nearest_.back() * (1 + 1e-5) + std::numeric_limits<float>::min();
  }
  // Newer releases of nanoflann ask for it; the order is made later.
  void sort() {}

  std::vector<uint32_t> Rows() const {
    std::vector<uint32_t> rows;
    for (const auto& [distance, row] : found_) {
      if (distance < worstDist()) rows.push_back(row);
    }
    return rows;
  }

 private:
  size_t count_;
  std::vector<double> nearest_;
  std::vector<std::pair<double, uint32_t>> found_;
};

// What nanoflann asks of a set of points.
struct PointCloud {
  std::vector<float> points;
  size_t features = 0;

  size_t kdtree_get_point_count() const { return points.size() / features; }
  float kdtree_get_pt(size_t row, size_t feature) const { return points[row * features + feature]; }
  template <typename Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

}  // namespace

KnnSearchMethod FasterKnnSearch(size_t rows, size_t features) {
  // Measured with 200 to 14,000 points of independent features: each feature more doubles the
  // points that a tree needs to catch up with vector instructions.
  const bool tree = features < 16 && rows >= (size_t{64} << features);
  return tree ? KnnSearchMethod::kTree : KnnSearchMethod::kBruteForce;
}

// Points as the kernel wants them, and their distances from a few samples.
class KnnSearch::Table {
 public:
  explicit Table(size_t features) : features_(features), samples_(kSamples * features) {}

  // `point` gives the address of a row's values.
  template <typename PointOfRow>
  void SetPoints(size_t rows, const PointOfRow& point) {
    rows_ = rows;
    padded_rows_ = (rows + kLane - 1) / kLane * kLane;
    points_.assign(padded_rows_ * features_, 0.0F);
    distances_.resize(kSamples * padded_rows_);
    for (size_t row = 0; row < rows; ++row) {
      const float* from = point(row);
      float* to = &points_[row / kLane * features_ * kLane + row % kLane];
      for (size_t f = 0; f < features_; ++f) to[f * kLane] = from[f];
    }
  }

  // At most kSamples samples.
  void Measure(const float* samples, size_t count) {
    std::copy_n(samples, count * features_, samples_.begin());
    DistanceArguments arguments;
    arguments.rows = static_cast<int64_t>(padded_rows_);
    arguments.features = static_cast<int64_t>(features_);
    arguments.points = points_.data();
    arguments.samples = samples_.data();
    arguments.distances = distances_.data();
    BestKernels().distances(arguments);
  }
  const float* Distances(size_t sample) const { return &distances_[sample * padded_rows_]; }

  void AppendNearest(size_t sample, size_t count, std::vector<KnnNeighbour>& result) const {
    const float* distances = Distances(sample);
    const auto first = static_cast<std::ptrdiff_t>(result.size());
    for (uint32_t row = 0; row < rows_; ++row) {
      const bool full = result.size() - static_cast<size_t>(first) == count;
      // Rows come in order, so that of equal distances the lower row stays.
      if (full && !(distances[row] < result.back().squared_distance)) continue;
      const KnnNeighbour next{distances[row], row};
      if (full) result.pop_back();
      result.insert(std::upper_bound(result.begin() + first, result.end(), next, Nearer), next);
    }
  }

 private:
  size_t features_;
  size_t rows_ = 0;
  size_t padded_rows_ = 0;
  // With zeros behind the last row.
  std::vector<float> points_;
  // [kSamples][feature] and [kSamples][row].
  std::vector<float> samples_;
  std::vector<float> distances_;
};

class KnnSearch::Tree {
 public:
  Tree(absl::Span<const float> points, size_t features)
      : cloud_{{points.begin(), points.end()}, features},
        index_(static_cast<int>(features), cloud_),
        table_(features) {
    index_.buildIndex();
  }

  void AppendNearest(const float* sample, size_t count, std::vector<KnnNeighbour>& result) {
    Candidates candidates(count);
    index_.findNeighbors(candidates, sample, {});
    const std::vector<uint32_t> rows = candidates.Rows();
    // The distances that decide are the kernel's, as without a tree.
    table_.SetPoints(rows.size(),
                     [&](size_t i) { return &cloud_.points[rows[i] * cloud_.features]; });
    table_.Measure(sample, 1);
    nearest_.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      nearest_.push_back({table_.Distances(0)[i], rows[i]});
    }
    std::sort(nearest_.begin(), nearest_.end(), Nearer);
    result.insert(result.end(), nearest_.begin(),
                  nearest_.begin() + static_cast<std::ptrdiff_t>(count));
  }

 private:
  using Metric = nanoflann::L2_Simple_Adaptor<float, PointCloud, double>;

  PointCloud cloud_;
  nanoflann::KDTreeSingleIndexAdaptor<Metric, PointCloud, -1, uint32_t> index_;
  Table table_;
  std::vector<KnnNeighbour> nearest_;
};

KnnSearch::KnnSearch(absl::Span<const float> points, size_t features)
    : KnnSearch(points, features, FasterKnnSearch(points.size() / features, features)) {}

KnnSearch::KnnSearch(absl::Span<const float> points, size_t features, KnnSearchMethod method)
    : rows_(points.size() / features), features_(features) {
  if (method == KnnSearchMethod::kTree) {
    tree_ = std::make_unique<Tree>(points, features);
    return;
  }
  table_ = std::make_unique<Table>(features);
  table_->SetPoints(rows_, [&](size_t row) { return &points[row * features]; });
}

KnnSearch::~KnnSearch() = default;

std::vector<KnnNeighbour> KnnSearch::Nearest(absl::Span<const float> samples, size_t count) {
  count = std::min(count, rows_);
  const size_t sample_count = samples.size() / features_;
  std::vector<KnnNeighbour> result;
  result.reserve(sample_count * count + 1);
  for (size_t first = 0; first < sample_count; first += kSamples) {
    const size_t batch = std::min(kSamples, sample_count - first);
    const float* at = samples.data() + first * features_;
    if (table_ != nullptr) table_->Measure(at, batch);
    for (size_t i = 0; i < batch; ++i) {
      if (table_ != nullptr) {
        table_->AppendNearest(i, count, result);
      } else {
        tree_->AppendNearest(at + i * features_, count, result);
      }
    }
  }
  return result;
}

}  // namespace tinyjoule
