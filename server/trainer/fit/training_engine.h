// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_TRAINING_ENGINE_H_
#define SERVER_TRAINER_FIT_TRAINING_ENGINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/trainer/fit/fake_quantization.h"
#include "server/trainer/fit/hidden_loss.h"
#include "server/trainer/fit/loss.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// What is learnt from. Borrowed: must outlive the engine.
struct TrainingRows {
  // [row][sample size], in the order that the network reads.
  absl::Span<const float> inputs;
  // [row]: the index of the class; or [row][output]: the values.
  absl::Span<const float> targets;
  // [row][output]: what a teacher says to each row; empty without a teacher.
  absl::Span<const float> teacher;
};

struct EngineOptions {
  LossOptions loss;
  v1::Optimizer optimizer = v1::OPTIMIZER_ADAM;
  double learning_rate = 1e-3;
  double weight_decay = 0;
  // Rows per step at most.
  int64_t batch_size = 32;
  // Weights that are exactly zero when training starts stay zero: a pruned network stays pruned.
  bool keep_zeros = false;
  // What forward passes are rounded to (quantisation-aware training).
  std::optional<FakeQuantization> fake_quantization;
  // Learnt from beside `loss`; not part of MeanLoss. Borrowed; null: none.
  HiddenLoss* hidden_loss = nullptr;
};

// One network in training. The weights of a cluster (Layer::clusters) keep one value, which moves
// by the sum of their gradients.
//
//   1. Step() with the rows of each batch; TakeLossSum() whenever the loss is asked for.
//   2. MeanLoss() over rows that no step sees, for early stopping.
//   3. Parameters() as trained so far; SetParameters() goes back to earlier ones.
//
// Implementations: our own loops (NativeEngine) and LibTorch (TorchEngine). Not thread-safe.
// Errors: Unimplemented, what only the other one does; Internal, with LibTorch's message;
// ResourceExhausted when memory ran out.
class TrainingEngine {
 public:
  virtual ~TrainingEngine() = default;
  // One optimiser step on the mean loss over `rows`.
  [[nodiscard]] virtual absl::Status Step(absl::Span<const uint32_t> rows) = 0;
  // Sum of the losses of all rows of all steps since the last call.
  virtual absl::StatusOr<double> TakeLossSum() = 0;
  // Mean loss over the rows [first, end), nothing learnt.
  virtual absl::StatusOr<double> MeanLoss(uint32_t first, uint32_t end) = 0;
  // As FlatParameters.
  virtual absl::StatusOr<std::vector<float>> Parameters() = 0;
  [[nodiscard]] virtual absl::Status SetParameters(absl::Span<const float> parameters) = 0;
  // For the record: "native avx512", "torch cpu".
  virtual std::string Description() const = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_TRAINING_ENGINE_H_
