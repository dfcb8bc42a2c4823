// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_TORCH_TORCH_ENGINE_H_
#define SERVER_TRAINER_TORCH_TORCH_ENGINE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/trainer/fit/training_engine.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// LibTorch's version, such as "1.13.1".
std::string TorchVersion();
// False when this LibTorch was built without CUDA or finds no device.
bool TorchHasCuda();

// Trains by LibTorch's autograd, on the processor or on a CUDA device; the data lies on the device
// as a whole, and parameters, gradients and moments are one row each. FailedPrecondition: `cuda`
// without a CUDA device. LibTorch's exceptions end in this class.
absl::StatusOr<std::unique_ptr<TrainingEngine>> CreateTorchEngine(const Network& network,
                                                                  const TrainingRows& rows,
                                                                  const EngineOptions& options,
                                                                  bool cuda);

// For the comparison with our own loops: the gradient of the mean loss over all rows, as one row.
absl::StatusOr<std::vector<float>> TorchGradient(const Network& network, const TrainingRows& rows,
                                                 const LossOptions& loss);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_TORCH_TORCH_ENGINE_H_
