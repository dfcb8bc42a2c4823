// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/layer_pass.h"

#include <algorithm>

#include "server/trainer/nn/batch_norm_pass.h"
#include "server/trainer/nn/conv_pass.h"
#include "server/trainer/nn/linear_pass.h"
#include "server/trainer/nn/pooling.h"

namespace tinyjoule {
namespace {}  // namespace

Border InputBorder(const Layer& layer) {
  if (layer.kind != LayerKind::kConv) return {};
  // On both sides alike: what stands out in front or behind, whichever is more.
  return {std::max(layer.PadTop(), layer.PadBottom()), std::max(layer.PadLeft(), layer.PadRight())};
}

Border GradientBorder(const Layer& layer) {
  if (layer.kind != LayerKind::kConv || !ConvPass::TurnsKernel(layer)) return {};
  return {layer.kernel_height / 2, layer.kernel_width / 2};
}

std::unique_ptr<LayerPass> CreateLayerPass(const Layer& layer, bool relu,
                                           const ParameterPlaces& places,
                                           const PassSettings& settings) {
  switch (layer.kind) {
    case LayerKind::kConv:
      return std::make_unique<ConvPass>(layer, relu, places, settings);
    case LayerKind::kLinear:
      return std::make_unique<LinearPass>(layer, relu, places, settings);
    case LayerKind::kBatchNorm:
      return std::make_unique<BatchNormPass>(layer, relu, places, settings);
    case LayerKind::kMaxPool:
      return std::make_unique<MaxPoolPass>(settings);
    case LayerKind::kGlobalAverage:
      return std::make_unique<GlobalAveragePass>(settings);
    case LayerKind::kRelu:
    case LayerKind::kFlatten:
    case LayerKind::kAdd:
      break;
  }
  return nullptr;
}

}  // namespace tinyjoule
