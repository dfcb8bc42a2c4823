// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/knn_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "common/base/random_source.h"

namespace tinyjoule {
namespace {

using Pairs = std::vector<std::pair<float, uint32_t>>;

Pairs PairsOf(const std::vector<KnnNeighbour>& neighbours) {
  Pairs pairs;
  for (const KnnNeighbour& neighbour : neighbours) {
    pairs.emplace_back(neighbour.squared_distance, neighbour.row);
  }
  return pairs;
}

// Whole numbers below `levels`: few levels are many equal distances, all of them exact.
std::vector<float> Grid(size_t count, uint64_t levels, uint64_t seed) {
  SeededRandom random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % levels);
  return values;
}

// By definition, one pair after another, in whole numbers.
Pairs Definition(const std::vector<float>& points, const std::vector<float>& samples,
                 size_t features, size_t count) {
  Pairs result;
  for (size_t s = 0; s < samples.size(); s += features) {
    Pairs all;
    for (size_t p = 0; p < points.size(); p += features) {
      int64_t sum = 0;
      for (size_t f = 0; f < features; ++f) {
        const auto difference = static_cast<int64_t>(samples[s + f] - points[p + f]);
        sum += difference * difference;
      }
      all.emplace_back(static_cast<float>(sum), static_cast<uint32_t>(p / features));
    }
    std::sort(all.begin(), all.end());
    result.insert(result.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return result;
}

class KnnSearchTest : public testing::TestWithParam<KnnSearchMethod> {};

TEST_P(KnnSearchTest, TiesGoToTheLowerRow) {
  const std::vector<float> points = Grid(3 * 700, /*levels=*/4, 1);
  const std::vector<float> samples = Grid(3 * 50, /*levels=*/4, 2);
  KnnSearch search(points, 3, GetParam());
  EXPECT_EQ(PairsOf(search.Nearest(samples, 9)), Definition(points, samples, 3, 9));
}

TEST_P(KnnSearchTest, ManyFeatures) {
  const std::vector<float> points = Grid(19 * 90, /*levels=*/50, 3);
  const std::vector<float> samples = Grid(19 * 21, /*levels=*/50, 4);
  KnnSearch search(points, 19, GetParam());
  EXPECT_EQ(PairsOf(search.Nearest(samples, 4)), Definition(points, samples, 19, 4));
}

TEST_P(KnnSearchTest, EqualPointsAndMoreThanThereAre) {
  const std::vector<float> points(2 * 40, 1.5F);
  KnnSearch search(points, 2, GetParam());
  const std::vector<KnnNeighbour> all = search.Nearest({1.5F, 2.5F}, 1000);
  ASSERT_EQ(all.size(), 40U);
  for (uint32_t row = 0; row < 40; ++row) {
    EXPECT_EQ(all[row].row, row);
    EXPECT_EQ(all[row].squared_distance, 1.0F);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, KnnSearchTest,
                         testing::Values(KnnSearchMethod::kBruteForce, KnnSearchMethod::kTree),
                         [](const auto& test) {
                           return test.param == KnnSearchMethod::kTree ? "Tree" : "BruteForce";
                         });

// Values whose distances round: not only the rows, every bit of the distances is the same.
TEST(KnnSearchMethodsTest, BothGiveTheSameBits) {
  for (const size_t features : {1U, 2U, 5U, 8U, 13U}) {
    SeededRandom random(features);
    std::vector<float> points(features * 2000);
    for (float& value : points) value = static_cast<float>(random() % 9973) / 317.0F;
    const std::vector<float> samples(points.begin(),
                                     points.begin() + 500 * static_cast<int>(features));
    KnnSearch brute_force(points, features, KnnSearchMethod::kBruteForce);
    KnnSearch tree(points, features, KnnSearchMethod::kTree);
    EXPECT_EQ(PairsOf(tree.Nearest(samples, 6)), PairsOf(brute_force.Nearest(samples, 6)))
        << features << " features";
  }
}

}  // namespace
}  // namespace tinyjoule
