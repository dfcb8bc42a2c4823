// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/cluster.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/compress/k_means.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kDefaultCentroids = 16;
constexpr uint32_t kMaxCentroids = 256;

std::vector<float> Sorted(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// At most `count` values that stand for `weights`, ascending.
absl::StatusOr<std::vector<float>> Centroids(const std::vector<float>& weights, size_t count,
                                             RandomSource& random) {
  std::vector<float> distinct = Sorted(weights);
  if (distinct.size() <= count) return distinct;
  TJ_ASSIGN_OR_RETURN(Cells cells, KMeans(weights, /*features=*/1, count, random));
  return Sorted(std::move(cells.centers));
}

// The lower one of two that are equally near.
size_t Nearest(const std::vector<float>& centroids, float weight) {
  const auto above = std::lower_bound(centroids.begin(), centroids.end(), weight);
  if (above == centroids.begin()) return 0;
  const auto below = above - 1;
  const bool lower = above == centroids.end() || weight - *below <= *above - weight;
  return static_cast<size_t>((lower ? below : above) - centroids.begin());
}

absl::Status ClusterLayer(size_t count, RandomSource& random, Layer& layer) {
  std::vector<float> weights;
  std::copy_if(layer.weight.begin(), layer.weight.end(), std::back_inserter(weights),
               [](float weight) { return weight != 0; });
  const bool has_zeros = weights.size() < layer.weight.size();
  TJ_ASSIGN_OR_RETURN(const std::vector<float> centroids,
                      Centroids(weights, has_zeros ? count - 1 : count, random));
  std::vector<float> codebook = centroids;
  if (has_zeros) codebook.push_back(0.0F);
  codebook = Sorted(std::move(codebook));
  layer.clusters.clear();
  for (float& weight : layer.weight) {
    if (weight != 0) weight = centroids[Nearest(centroids, weight)];
    const auto place = std::lower_bound(codebook.begin(), codebook.end(), weight);
    layer.clusters.push_back(static_cast<uint8_t>(place - codebook.begin()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ClusterWeights(const v1::ClusterStep& step, RandomSource& random, Network& network) {
  const uint32_t count = step.has_centroids() ? step.centroids() : kDefaultCentroids;
  if (count < 2 || count > kMaxCentroids) {
    return absl::InvalidArgumentError(
        absl::StrCat("centroids: ", count, " is not in [2, ", kMaxCentroids, "]"));
  }
  if (IsClustered(network)) {
    return absl::FailedPreconditionError("the weights are clustered already");
  }
  network = FoldBatchNorm(network);
  for (Layer& layer : network.layers) {
    if (layer.HasParameters()) TJ_RETURN_IF_ERROR(ClusterLayer(count, random, layer));
  }
  return absl::OkStatus();
}

bool IsClustered(const Network& network) {
  return std::any_of(network.layers.begin(), network.layers.end(),
                     [](const Layer& layer) { return !layer.clusters.empty(); });
}

std::vector<float> CodebookOf(const Layer& layer) {
  std::vector<float> codebook;
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    const size_t cluster = layer.clusters[i];
    if (cluster >= codebook.size()) codebook.resize(cluster + 1);
    codebook[cluster] = layer.weight[i];
  }
  return codebook;
}

}  // namespace tinyjoule
