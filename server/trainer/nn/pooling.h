// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_POOLING_H_
#define SERVER_TRAINER_NN_POOLING_H_

#include "server/trainer/nn/layer_pass.h"

namespace tinyjoule {

// Largest of each 2 x 2 square; an odd last row or column is left out. The derivative goes to the
// first of the largest values of each square.
class MaxPoolPass final : public LayerPass {
 public:
  explicit MaxPoolPass(const PassSettings& settings) : settings_(settings) {}

  void Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) override;
  void ParameterGradients(const PaddedMap& /*in*/, const PaddedMap& /*out_gradient*/,
                          float* /*gradients*/) override {}
  void InputGradient(const float* parameters, const PaddedMap& in, const PaddedMap& out_gradient,
                     PaddedMap& in_gradient) override;

 private:
  const PassSettings& settings_;
};

// Mean of each channel.
class GlobalAveragePass final : public LayerPass {
 public:
  explicit GlobalAveragePass(const PassSettings& settings) : settings_(settings) {}

  void Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) override;
  void ParameterGradients(const PaddedMap& /*in*/, const PaddedMap& /*out_gradient*/,
                          float* /*gradients*/) override {}
  void InputGradient(const float* parameters, const PaddedMap& in, const PaddedMap& out_gradient,
                     PaddedMap& in_gradient) override;

 private:
  const PassSettings& settings_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_POOLING_H_
