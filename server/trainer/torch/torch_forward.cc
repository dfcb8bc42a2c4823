// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/torch/torch_forward.h"

#include <torch/torch.h>

#include <functional>
#include <numeric>
#include <utility>

namespace tinyjoule {

torch::Tensor TorchForward::Run(const torch::Tensor& inputs) {
  const FeatureMap& shape = network_.layers.front().in;
  // One behind each value's layer: the input first.
  std::vector<torch::Tensor> values = {
      inputs.reshape({inputs.size(0), shape.channels, shape.height, shape.width})};
  for (const Layer& layer : network_.layers) {
    const auto back = [&](int64_t layers) {
      return values[values.size() - static_cast<size_t>(layers)];
    };
    const torch::Tensor other = layer.adds_back > 0 ? back(layer.adds_back) : torch::Tensor();
    values.push_back(Apply(layer, back(layer.reads_back), other));
  }
  return values.back().flatten(1);
}

torch::Tensor TorchForward::Apply(const Layer& layer, const torch::Tensor& in,
                                  const torch::Tensor& other) {
  switch (layer.kind) {
    case LayerKind::kConv:
      return Convolve(layer, in);
    case LayerKind::kLinear: {
      const torch::Tensor weight = Take({layer.out.channels, layer.FanIn()});
      return torch::linear(in.flatten(1), weight, Take({layer.out.channels}));
    }
    case LayerKind::kBatchNorm:
      return Normalize(layer, in);
    case LayerKind::kAdd:
      return in + other;
    case LayerKind::kRelu:
      return torch::relu(in);
    case LayerKind::kMaxPool:
      return torch::max_pool2d(in, 2);
    case LayerKind::kGlobalAverage:
      return in.mean({2, 3}, /*keepdim=*/true);
    case LayerKind::kFlatten:
      return in.flatten(1);
  }
  return in;
}

torch::Tensor TorchForward::Convolve(const Layer& layer, const torch::Tensor& in) {
  const torch::Tensor weight = Take({layer.out.channels, layer.in.channels / layer.groups,
                                     layer.kernel_height, layer.kernel_width});
  const torch::Tensor bias = Take({layer.out.channels});
  // LibTorch's own padding is the same on both sides.
  const torch::Tensor padded = torch::constant_pad_nd(
      in, {layer.PadLeft(), layer.PadRight(), layer.PadTop(), layer.PadBottom()});
  const std::vector<int64_t> no_padding = {0, 0};
  return torch::conv2d(padded, weight, bias, {layer.stride_height, layer.stride_width}, no_padding,
                       /*dilation=*/1, layer.groups);
}

torch::Tensor TorchForward::Normalize(const Layer& layer, const torch::Tensor& in) {
  const int64_t channels = layer.out.channels;
  const torch::Tensor weight = Take({channels});
  const torch::Tensor bias = Take({channels});
  torch::Tensor mean = moments_.narrow(0, moment_at_, channels);
  torch::Tensor variance = moments_.narrow(0, moment_at_ + channels, channels);
  moment_at_ += 2 * channels;
  if (batch_ != nullptr) {
    std::vector<int64_t> all_but_channels = {0};
    for (int64_t axis = 2; axis < in.dim(); ++axis) all_but_channels.push_back(axis);
    mean = in.mean(all_but_channels);
    variance = in.var(all_but_channels, /*unbiased=*/false);
    // Divided by n - 1, as the variance of all rows is estimated from these.
    const double count = static_cast<double>(in.numel() / channels);
    batch_->push_back(mean);
    batch_->push_back(variance * (count > 1 ? count / (count - 1) : 1.0));
  }
  std::vector<int64_t> shape(static_cast<size_t>(in.dim()), 1);
  shape[1] = channels;
  const torch::Tensor scale = weight * torch::rsqrt(variance + kBatchNormEpsilon);
  return (in - mean.reshape(shape)) * scale.reshape(shape) + bias.reshape(shape);
}

torch::Tensor TorchForward::Take(std::vector<int64_t> shape) {
  const int64_t length =
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  const torch::Tensor part = parameters_.narrow(0, parameter_at_, length).reshape(shape);
  parameter_at_ += length;
  return part;
}

}  // namespace tinyjoule
