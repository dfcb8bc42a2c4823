// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_LAYER_PASS_H_
#define SERVER_TRAINER_NN_LAYER_PASS_H_

#include <cstdint>
#include <memory>

#include "server/trainer/nn/kernels.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/padded_map.h"

namespace tinyjoule {

// Where a layer's parameters stand in the row of FlatParameters.
struct ParameterPlaces {
  int64_t weight = 0;
  int64_t bias = 0;
  int64_t mean = 0;
  int64_t variance = 0;
};

// What the passes of all layers of one NetworkPass share.
struct PassSettings {
  const Kernels& kernels;
  // Values of a batch per feature: a multiple of kLanes.
  int64_t lanes = 0;
  // Lanes that hold samples.
  int64_t rows = 0;
  // Batch normalisation by the batch's own moments.
  bool training = false;
};

// One layer, forward and backward, on whole batches. Not thread-safe. `in` and `out` and their
// gradients are the same maps at every call; the borders of `in` are at least what Border asks for.
class LayerPass {
 public:
  virtual ~LayerPass() = default;
  // Fills the inside of `out`; with a ReLU where one follows the layer.
  virtual void Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) = 0;
  // Writes the layer's part of `gradients`, which is laid out as the parameters. After Forward.
  virtual void ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                                  float* gradients) = 0;
  // Writes the inside of `in_gradient`, all of it. After Forward with the same parameters.
  virtual void InputGradient(const float* parameters, const PaddedMap& in,
                             const PaddedMap& out_gradient, PaddedMap& in_gradient) = 0;
};

struct Border {
  int64_t rows = 0;
  int64_t columns = 0;
};

// The zeros around the layer's input that its pass reads, and around its output's gradient.
Border InputBorder(const Layer& layer);
Border GradientBorder(const Layer& layer);

// `layer` and `settings` outlive the pass. For the kinds that read one value and are no ReLU and no
// Flatten.
std::unique_ptr<LayerPass> CreateLayerPass(const Layer& layer, bool relu,
                                           const ParameterPlaces& places,
                                           const PassSettings& settings);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_LAYER_PASS_H_
