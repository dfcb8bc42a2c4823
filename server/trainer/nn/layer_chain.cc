// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/layer_chain.h"

#include "absl/strings/str_cat.h"

namespace tinyjoule {

void LayerChain::Conv(int64_t channels, const Kernel& kernel) {
  const auto strided = [&](int64_t size) { return (size + kernel.stride - 1) / kernel.stride; };
  Layer& layer = Append(LayerKind::kConv, {channels, strided(at().height), strided(at().width)});
  layer.name = absl::StrCat("conv", ++convs_);
  layer.kernel_height = kernel.height;
  layer.kernel_width = kernel.width;
  layer.stride_height = kernel.stride;
  layer.stride_width = kernel.stride;
}

void LayerChain::DepthwiseConv(const Kernel& kernel) {
  Conv(at().channels, kernel);
  layers_.back().groups = layers_.back().in.channels;
}

void LayerChain::Linear(int64_t units, bool is_output) {
  Layer& layer = Append(LayerKind::kLinear, {units, 1, 1});
  layer.name = is_output ? "output" : absl::StrCat("dense", ++denses_);
}

void LayerChain::BatchNorm() {
  Append(LayerKind::kBatchNorm, at()).name = absl::StrCat("norm", ++norms_);
}

void LayerChain::Add(int64_t other) {
  Layer& layer = Append(LayerKind::kAdd, at());
  layer.adds_back = current_ - other;
}

Layer& LayerChain::Append(LayerKind kind, FeatureMap out) {
  Layer layer;
  layer.kind = kind;
  layer.in = at();
  layer.out = out;
  layer.reads_back = static_cast<int64_t>(layers_.size()) - current_;
  current_ = static_cast<int64_t>(layers_.size());
  layers_.push_back(std::move(layer));
  return layers_.back();
}

}  // namespace tinyjoule
