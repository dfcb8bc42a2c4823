// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_FAKE_QUANTIZATION_H_
#define SERVER_TRAINER_FIT_FAKE_QUANTIZATION_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/network_pass.h"
#include "server/trainer/nn/quantization.h"
#include "server/trainer/nn/weight_scales.h"

namespace tinyjoule {

// How a network that is being trained is rounded in its forward passes, as its int8 form will be.
struct FakeQuantization {
  // Of every value, numbered as in NetworkPass; frozen.
  std::vector<Quantization> steps;
  // Scales of the weights: one for each output channel, or one for the layer. They follow the
  // weights.
  bool per_channel = true;
};

// Rounds the values of a pass and the weights that it is given. Gradients of the rounded weights
// are taken for those of the weights themselves (a straight-through estimate: no weight is
// clipped).
//
//   1. Construct for a pass: its values are rounded from then on.
//   2. Rounded() before each forward pass, with the parameters that are trained.
class FakeQuantizer {
 public:
  FakeQuantizer(const Network& network, const FakeQuantization& quantization, NetworkPass& pass);

  // The parameters with rounded weights and their own biases; valid until the next call.
  const std::vector<float>& Rounded(const std::vector<float>& parameters);

 private:
  struct Weights {
    size_t first = 0;
    size_t weight_count = 0;
    size_t bias_count = 0;
    WeightScaling scaling;
  };

  std::vector<Weights> layers_;
  std::vector<float> rounded_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_FAKE_QUANTIZATION_H_
