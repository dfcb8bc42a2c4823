// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_OPTIMIZER_H_
#define SERVER_TRAINER_FIT_OPTIMIZER_H_

#include <cstdint>
#include <vector>

#include "server/trainer/nn/kernels.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

struct OptimizerOptions {
  v1::Optimizer kind = v1::OPTIMIZER_ADAM;
  double learning_rate = 1e-3;
  double weight_decay = 0;
};

// Moves one row of parameters by its gradients: plain descent, or Adam with its moments.
class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, size_t count, const Kernels& kernels = BestKernels());

  // Both `count` values.
  void Step(const float* gradients, float* parameters);

 private:
  void StepAdam(const float* gradients, float* parameters);

  const Kernels& kernels_;
  OptimizerOptions options_;
  size_t count_;
  std::vector<float> first_moment_;
  std::vector<float> second_moment_;
  int64_t steps_ = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_OPTIMIZER_H_
