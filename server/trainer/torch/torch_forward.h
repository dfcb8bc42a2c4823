// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_TORCH_TORCH_FORWARD_H_
#define SERVER_TRAINER_TORCH_TORCH_FORWARD_H_

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "server/trainer/nn/network.h"

namespace tinyjoule {

// What each batch normalisation adds to its running mean and variance, in the order of
// FlatParameters.
using TorchMoments = std::vector<torch::Tensor>;

// One pass through a network as a function of one row of parameters, differentiable in it. Borrows
// everything. Throws what LibTorch throws.
class TorchForward {
 public:
  // `parameters`: those that are trained; `moments`: the running ones, which inference normalises
  // with. `batch`: null in inference; in training, filled with the batch's.
  TorchForward(const Network& network, const torch::Tensor& parameters,
               const torch::Tensor& moments, TorchMoments* batch)
      : network_(network), parameters_(parameters), moments_(moments), batch_(batch) {}

  // Outputs [rows, outputs] for inputs [rows, sample size]. Once.
  torch::Tensor Run(const torch::Tensor& inputs);

 private:
  torch::Tensor Apply(const Layer& layer, const torch::Tensor& in, const torch::Tensor& other);
  torch::Tensor Convolve(const Layer& layer, const torch::Tensor& in);
  torch::Tensor Normalize(const Layer& layer, const torch::Tensor& in);
  // The next parameters of the row.
  torch::Tensor Take(std::vector<int64_t> shape);

  const Network& network_;
  const torch::Tensor& parameters_;
  const torch::Tensor& moments_;
  TorchMoments* batch_;
  int64_t parameter_at_ = 0;
  int64_t moment_at_ = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_TORCH_TORCH_FORWARD_H_
