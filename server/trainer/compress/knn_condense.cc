// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_condense.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "server/trainer/compress/knn_predict.h"
#include "server/trainer/compress/knn_search.h"

namespace tinyjoule {
namespace {

// Every point that was stored at first asks the stored ones for its k + 1 nearest: k voters, and
// the next one, which takes a removed voter's place.
class Condensing {
 public:
  explicit Condensing(const KnnModel& model)
      : model_(model),
        points_(KnnPointValues(model)),
        features_(static_cast<size_t>(model.features)),
        voters_(static_cast<size_t>(model.k)),
        stored_(static_cast<size_t>(model.rows), true),
        stored_count_(stored_.size()),
        nearest_(stored_.size()),
        askers_(stored_.size()),
        contributions_(stored_.size()),
        votes_(static_cast<size_t>(model.output_count())) {
    Index();
    const size_t count = std::min(SearchSize(), search_->rows());
    const std::vector<KnnNeighbour> found = search_->Nearest(points_, count);
    for (uint32_t row = 0; row < stored_.size(); ++row) {
      TakeStored(row, absl::MakeConstSpan(found).subspan(row * count, count));
      TellNeighbours(row);
    }
    for (uint32_t row = 0; row < stored_.size(); ++row) Enqueue(row);
  }

  std::vector<size_t> Run(size_t count) {
    std::vector<size_t> removed;
    while (removed.size() < count) {
      const uint32_t row = order_.begin()->second;
      removed.push_back(row);
      Remove(row);
    }
    return removed;
  }

 private:
  // More than are needed at once, so that few removals need another search.
  size_t SearchSize() const { return 2 * voters_ + 4; }
  absl::Span<const float> PointOf(size_t row) const {
    return absl::MakeConstSpan(points_).subspan(row * features_, features_);
  }

  void Index() {
    std::vector<float> points;
    indexed_.clear();
    for (uint32_t row = 0; row < stored_.size(); ++row) {
      if (!stored_[row]) continue;
      indexed_.push_back(row);
      points.insert(points.end(), PointOf(row).begin(), PointOf(row).end());
    }
    search_ = std::make_unique<KnnSearch>(points, features_);
  }

  void TakeStored(uint32_t row, absl::Span<const KnnNeighbour> found) {
    nearest_[row].clear();
    for (KnnNeighbour neighbour : found) {
      neighbour.row = indexed_[neighbour.row];
      if (neighbour.row != row && stored_[neighbour.row]) nearest_[row].push_back(neighbour);
    }
  }

  // The k + 1 nearest, or all where there are fewer.
  absl::Span<const KnnNeighbour> Ballot(uint32_t row) const {
    const std::vector<KnnNeighbour>& list = nearest_[row];
    return absl::MakeConstSpan(list).first(std::min(voters_ + 1, list.size()));
  }

  void RefreshNeighbours(uint32_t row) {
    std::vector<KnnNeighbour>& list = nearest_[row];
    const auto is_gone = [this](const KnnNeighbour& other) { return !stored_[other.row]; };
    list.erase(std::remove_if(list.begin(), list.end(), is_gone), list.end());
    const size_t others = stored_count_ - (stored_[row] ? 1 : 0);
    for (size_t count = SearchSize(); list.size() < std::min(voters_ + 1, others); count *= 2) {
      TakeStored(row, search_->Nearest(PointOf(row), count));
    }
  }

  // Lets each of the k + 1 nearest know by how much its loss would raise the error of this point.
  void TellNeighbours(uint32_t row) {
    const absl::Span<const KnnNeighbour> ballot = Ballot(row);
    const size_t voters = std::min(voters_, ballot.size());
    const double error = ErrorOf(row, ballot.first(voters));
    for (size_t i = 0; i < ballot.size(); ++i) {
      double change = 0;
      if (i < voters) {
        without_.assign(ballot.begin(), ballot.end());
        without_.erase(without_.begin() + static_cast<std::ptrdiff_t>(i));
        change = ErrorOf(row, without_) - error;
      }
      askers_[ballot[i].row][row] = change;
    }
  }

  double ErrorOf(uint32_t row, absl::Span<const KnnNeighbour> voters) {
    std::fill(votes_.begin(), votes_.end(), 0.0);
    if (!voters.empty()) Vote(model_, voters, absl::MakeSpan(votes_));
    double error = 0;
    for (size_t o = 0; o < votes_.size(); ++o) {
      const double difference = votes_[o] - TargetOf(row, o);
      error += difference * difference;
    }
    return error;
  }

  double TargetOf(uint32_t row, size_t output) const {
    if (!model_.classifies()) return model_.targets[row * votes_.size() + output];
    return static_cast<size_t>(model_.classes[row]) == output ? 1 : 0;
  }

  // Summed anew each time: rounding must not depend on what was removed before.
  void Enqueue(uint32_t row) {
    double sum = 0;
    for (const auto& [asker, change] : askers_[row]) sum += change;
    contributions_[row] = sum;
    order_.insert({sum, row});
  }

  void Remove(uint32_t row) {
    stored_[row] = false;
    --stored_count_;
    order_.erase({contributions_[row], row});
    if (2 * stored_count_ <= indexed_.size()) Index();
    std::set<uint32_t> touched;
    const std::map<uint32_t, double> askers = std::move(askers_[row]);
    for (const auto& [asker, change] : askers) {
      for (const KnnNeighbour& neighbour : Ballot(asker)) {
        askers_[neighbour.row].erase(asker);
        touched.insert(neighbour.row);
      }
      RefreshNeighbours(asker);
      TellNeighbours(asker);
      for (const KnnNeighbour& neighbour : Ballot(asker)) touched.insert(neighbour.row);
    }
    touched.erase(row);
    for (const uint32_t other : touched) {
      order_.erase({contributions_[other], other});
      Enqueue(other);
    }
  }

  const KnnModel& model_;
  std::vector<float> points_;
  size_t features_;
  size_t voters_;
  std::vector<bool> stored_;
  size_t stored_count_;
  // Over the points that were stored when it was made: indexed_[i] is its i-th.
  std::unique_ptr<KnnSearch> search_;
  std::vector<uint32_t> indexed_;
  // Of each point the nearest others; of the first k + 1 all are stored.
  std::vector<std::vector<KnnNeighbour>> nearest_;
  // For each stored point: who has it among the k + 1 nearest, and the change of that error.
  std::vector<std::map<uint32_t, double>> askers_;
  std::vector<double> contributions_;
  std::set<std::pair<double, uint32_t>> order_;
  std::vector<KnnNeighbour> without_;
  std::vector<double> votes_;
};

}  // namespace

std::vector<size_t> CondensedRows(const KnnModel& model, size_t count) {
  return Condensing(model).Run(count);
}

}  // namespace tinyjoule
