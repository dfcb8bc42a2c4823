// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_LINEAR_PASS_H_
#define SERVER_TRAINER_NN_LINEAR_PASS_H_

#include <cstdint>
#include <vector>

#include "server/trainer/nn/layer_pass.h"

namespace tinyjoule {

// A linear layer over all values of its input map, in the order channel, row, column.
class LinearPass final : public LayerPass {
 public:
  LinearPass(const Layer& layer, bool relu, const ParameterPlaces& places,
             const PassSettings& settings)
      : layer_(layer), relu_(relu), places_(places), settings_(settings) {}

  void Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) override;
  void ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                          float* gradients) override;
  void InputGradient(const float* parameters, const PaddedMap& in, const PaddedMap& out_gradient,
                     PaddedMap& in_gradient) override;

 private:
  const Layer& layer_;
  const bool relu_;
  const ParameterPlaces places_;
  const PassSettings& settings_;
  // Of each input value, and of each output's gradient, in their maps.
  std::vector<int64_t> input_offsets_;
  std::vector<int64_t> gradient_offsets_;
  std::vector<float> ones_;
  // The input's gradient on its way into a map with a border.
  std::vector<float> flat_gradient_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_LINEAR_PASS_H_
