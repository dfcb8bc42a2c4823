// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/optimizer.h"

#include <cmath>

namespace tinyjoule {

Optimizer::Optimizer(const OptimizerOptions& options, size_t count, const Kernels& kernels)
    : kernels_(kernels), options_(options), count_(count) {
  if (options_.kind == v1::OPTIMIZER_SGD) return;
  first_moment_.resize(count);
  second_moment_.resize(count);
}

void Optimizer::Step(const float* gradients, float* parameters) {
  ++steps_;
  if (options_.kind != v1::OPTIMIZER_SGD) return StepAdam(gradients, parameters);
  const float rate = static_cast<float>(options_.learning_rate);
  const float decay = static_cast<float>(options_.weight_decay);
  for (size_t i = 0; i < count_; ++i) {
    parameters[i] -= rate * (gradients[i] + decay * parameters[i]);
  }
}

void Optimizer::StepAdam(const float* gradients, float* parameters) {
  AdamArguments adam;
  adam.count = static_cast<int64_t>(count_);
  adam.parameters = parameters;
  adam.gradients = gradients;
  adam.first_moment = first_moment_.data();
  adam.second_moment = second_moment_.data();
  const double steps = static_cast<double>(steps_);
  adam.step_size = static_cast<float>(options_.learning_rate / (1 - std::pow(0.9, steps)));
  adam.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, steps)));
  adam.weight_decay = static_cast<float>(options_.weight_decay);
  kernels_.adam(adam);
}

}  // namespace tinyjoule
