// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_PRUNE_H_
#define SERVER_TRAINER_COMPRESS_PRUNE_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/random_source.h"
#include "common/onnx/knn_model.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Prunes each layer on its own by the step's sparsity, rounded to whole weights or channels.
//
//   unstructured  sets the weights of least magnitude (or random ones) to exactly 0, the output
//                 layer's too; biases stay.
//   structured    removes the output channels (or hidden units) whose weights have the least L1 or
//                 L2 norm (or random ones), and everything downstream that reads them, from every
//                 layer but the output layer; at least one channel stays. The tensors really
//                 shrink, and the outputs stay those of the masked network, or near them: see
//                 KeepChannels, which `samples` (of the training rows, [row][sample size]; a
//                 thousand are plenty) are for.
//
// InvalidArgument: sparsity not in [0, 1), scope or criterion missing.
[[nodiscard]] absl::Status PruneNetwork(const v1::PruneStep& step, absl::Span<const float> samples,
                                        RandomSource& random, Network& network);

// Removes round(sparsity x rows) stored points, chosen at random; the order of the others stays.
// InvalidArgument: a criterion other than random, or fewer points left than k.
[[nodiscard]] absl::Status PruneKnn(const v1::PruneStep& step, RandomSource& random,
                                    KnnModel& model);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_PRUNE_H_
