// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_CLUSTER_H_
#define SERVER_TRAINER_COMPRESS_CLUSTER_H_

#include <vector>

#include "absl/status/status.h"
#include "common/base/random_source.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Gives the weights of each convolution and linear layer at most `centroids` values, by k-means on
// the layer's weights (Han, Mao and Dally 2016): Layer::clusters says which weights share one, in
// ascending order of the values; biases stay. Where weights are exactly 0 already, one of the
// values is 0 and has those alone, so that a pruned network stays pruned. Batch normalisation is
// folded first: its scales would make other values of every channel.
//
// InvalidArgument: centroids not in [2, 256]. FailedPrecondition: the network is clustered already.
[[nodiscard]] absl::Status ClusterWeights(const v1::ClusterStep& step, RandomSource& random,
                                          Network& network);

bool IsClustered(const Network& network);

// The values of a clustered layer's weights, by number.
std::vector<float> CodebookOf(const Layer& layer);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_CLUSTER_H_
