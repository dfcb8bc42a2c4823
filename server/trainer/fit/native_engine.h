// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_NATIVE_ENGINE_H_
#define SERVER_TRAINER_FIT_NATIVE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/trainer/fit/optimizer.h"
#include "server/trainer/fit/training_engine.h"
#include "server/trainer/nn/kernels.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {

// The flat indices of the weights (not biases) that are exactly zero.
std::vector<size_t> ZeroWeights(const Network& network);

// A weight that always has the value of the first one of its cluster. Flat indices.
struct TiedWeight {
  size_t weight = 0;
  size_t first = 0;
};
std::vector<TiedWeight> TiedWeights(const Network& network);

// Trains on one processor core by our own loops. Parameters, gradients and moments are one row
// each; the same start and the same steps give the same bits on the same instruction set.
class NativeEngine final : public TrainingEngine {
 public:
  NativeEngine(const Network& network, const TrainingRows& rows, const EngineOptions& options,
               const Kernels& kernels = BestKernels());

  absl::Status Step(absl::Span<const uint32_t> rows) override;
  absl::StatusOr<double> TakeLossSum() override;
  absl::StatusOr<double> MeanLoss(uint32_t first, uint32_t end) override;
  absl::StatusOr<std::vector<float>> Parameters() override { return parameters_; }
  absl::Status SetParameters(absl::Span<const float> parameters) override;
  std::string Description() const override;

  // Of the last step, before masks; of a cluster's weights the sum.
  const std::vector<float>& gradients() const { return gradients_; }

 private:
  double Loss(absl::Span<const uint32_t> rows, float* gradient);
  double AddHiddenLoss(absl::Span<const uint32_t> rows);
  void Update();

  const Kernels& kernels_;
  TrainingRows rows_;
  EngineOptions options_;
  NetworkPass pass_;
  // Null: nothing is rounded.
  std::unique_ptr<FakeQuantizer> fake_quantizer_;
  std::vector<float> parameters_;
  // What the last forward pass has seen: the parameters, or them rounded.
  const float* pass_parameters_ = nullptr;
  std::vector<float> gradients_;
  Optimizer optimizer_;
  // Indices of the weights that stay zero.
  std::vector<size_t> zeros_;
  std::vector<TiedWeight> tied_;
  // Of the hidden loss: what its layer gives, [value][lane], and where its derivative goes.
  std::vector<float> hidden_values_;
  absl::Span<float> hidden_gradient_;
  double loss_sum_ = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_NATIVE_ENGINE_H_
