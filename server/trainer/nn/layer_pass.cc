// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/layer_pass.h"

#include <algorithm>

#include "server/trainer/nn/batch_norm_pass.h"
#include "server/trainer/nn/conv_pass.h"
#include "server/trainer/nn/linear_pass.h"
#include "server/trainer/nn/pooling.h"

namespace tinyjoule {
namespace {

// On both sides alike: what stands out in front or behind, whichever is more.
int64_t BorderOf(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  const int64_t before = Layer::PadBefore(in, out, kernel, stride);
  return std::max(before, (out - 1) * stride + kernel - in - before);
}

}  // namespace

Border InputBorder(const Layer& layer) {
  if (layer.kind != LayerKind::kConv) return {};
  return {BorderOf(layer.in.height, layer.out.height, layer.kernel_height, layer.stride_height),
          BorderOf(layer.in.width, layer.out.width, layer.kernel_width, layer.stride_width)};
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
