// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_BATCH_NORM_PASS_H_
#define SERVER_TRAINER_NN_BATCH_NORM_PASS_H_

#include <vector>

#include "server/trainer/nn/layer_pass.h"

namespace tinyjoule {

// Batch normalisation (Ioffe and Szegedy 2015): by the moments of the batch's samples and positions
// in training, by the running moments else. The gradients are those of training.
class BatchNormPass final : public LayerPass {
 public:
  BatchNormPass(const Layer& layer, bool relu, const ParameterPlaces& places,
                const PassSettings& settings);

  void Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) override;
  void ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                          float* gradients) override;
  // After ParameterGradients of the same batch.
  void InputGradient(const float* parameters, const PaddedMap& in, const PaddedMap& out_gradient,
                     PaddedMap& in_gradient) override;

  // Moves the running moments among `parameters` by the moments of the last training batch, the
  // variance without bias.
  void UpdateMoments(float* parameters) const;

 private:
  void TakeBatchMoments(const PaddedMap& in);
  double ValueCount() const;
  const Layer& layer_;
  const bool relu_;
  const ParameterPlaces places_;
  const PassSettings& settings_;
  // [channel], of the last training batch.
  std::vector<float> mean_;
  std::vector<float> variance_;
  std::vector<float> inverse_deviation_;
  // [channel]: sums over samples and positions of dy and of dy x normalised value.
  std::vector<float> gradient_sum_;
  std::vector<float> projection_sum_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_BATCH_NORM_PASS_H_
