// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_CONV_PASS_H_
#define SERVER_TRAINER_NN_CONV_PASS_H_

#include <cstdint>
#include <vector>

#include "server/trainer/nn/layer_pass.h"

namespace tinyjoule {

// Convolution in groups, by the kernels' multiplications: a row of outputs at once where the window
// moves by one column, else output by output.
class ConvPass final : public LayerPass {
 public:
  ConvPass(const Layer& layer, bool relu, const ParameterPlaces& places,
           const PassSettings& settings);

  void Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) override;
  void ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                          float* gradients) override;
  void InputGradient(const float* parameters, const PaddedMap& in, const PaddedMap& out_gradient,
                     PaddedMap& in_gradient) override;

  // Whether the input's gradient is the convolution of the output's with the kernel turned by half
  // a circle: with stride 1 and an odd kernel.
  static bool TurnsKernel(const Layer& layer);

 private:
  void CreateOffsets(const PaddedMap& map, int64_t channels, bool turned,
                     std::vector<int64_t>& offsets) const;
  const float* Window(const PaddedMap& in, int64_t group, int64_t h, int64_t w) const;
  void WeightGradients(int64_t group, const PaddedMap& in, const PaddedMap& out_gradient,
                       float* gradients);
  void TurnWeights(const float* weight);
  void TurnedInputGradient(const float* parameters, const PaddedMap& out_gradient,
                           PaddedMap& in_gradient);
  void ScatteredInputGradient(const float* parameters, const PaddedMap& out_gradient,
                              PaddedMap& in_gradient);
  void Scatter(int64_t group, int64_t h, int64_t w, PaddedMap& in_gradient) const;

  const Layer& layer_;
  const bool relu_;
  const ParameterPlaces places_;
  const PassSettings& settings_;
  // Channels of one group.
  const int64_t group_ins_;
  const int64_t group_outs_;
  const int64_t taps_;
  // Where the values that one weight multiplies start in the input's window, for each weight of an
  // output channel.
  std::vector<int64_t> input_offsets_;
  // In the output's gradient: of each channel of a group, or of each weight that reads an input
  // channel when the kernel is turned.
  std::vector<int64_t> gradient_offsets_;
  std::vector<float> ones_;
  // [in channels of the group][out channels of the group][kernel], group by group.
  std::vector<float> turned_weights_;
  // [weight of an output channel][lane]: what one output gives back to its window.
  std::vector<float> window_gradient_;
  std::vector<float> row_gradients_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_CONV_PASS_H_
