// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/quantized/PackedParams.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "agent/runner/torch/torch_steps.h"
#include "common/base/status.h"
#include "common/onnx/sliding_window.h"

// Layers, float32 and int8.

namespace tinyjoule {

using at::Tensor;

namespace {

absl::StatusOr<SlidingWindow> WindowOf(const TorchOperands& operands,
                                       absl::Span<const int64_t> kernel) {
  return SlidingWindowOf(operands.node(), absl::MakeConstSpan(operands.in_shape(0)).subspan(2),
                         kernel);
}

// As at::constant_pad_nd takes it: the last dimension first. What ceil_mode lets stick out is
// padding at the end; what no window reaches is cut off.
Shape ExactPads(const SlidingWindow& window, absl::Span<const int64_t> spatial) {
  Shape pads;
  for (size_t i = spatial.size(); i-- > 0;) {
    const int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t end = (window.output[i] - 1) * window.strides[i] + reach;
    pads.push_back(window.pads_begin[i]);
    pads.push_back(end - spatial[i] - window.pads_begin[i]);
  }
  return pads;
}

bool PadsNothing(const Shape& pads) {
  return std::all_of(pads.begin(), pads.end(), [](int64_t pad) { return pad <= 0; });
}

}  // namespace

absl::StatusOr<TorchStep> MakeConv(const TorchOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const SlidingWindow window,
                      WindowOf(operands, absl::MakeConstSpan(operands.in_shape(1)).subspan(2)));
  const bool symmetric = window.pads_begin == window.pads_end;
  const Shape nothing(window.kernel.size(), 0);
  const Shape exact = ExactPads(window, absl::MakeConstSpan(operands.in_shape(0)).subspan(2));
  const c10::optional<Tensor> no_bias;
  const Tensor* const bias = operands.Has(2) ? operands.inputs[2] : nullptr;
  return TorchStep([&in = operands.in(0), &weights = operands.in(1), bias, &out = operands.out(),
                    window, symmetric, nothing, exact, no_bias,
                    groups = operands.node().Int("group", 1)] {
    out = at::convolution(symmetric ? in : at::constant_pad_nd(in, exact), weights,
                          bias == nullptr ? no_bias : *bias, window.strides,
                          symmetric ? window.pads_begin : nothing, window.dilations,
                          /*transposed=*/false, nothing, groups);
  });
}

namespace {

Tensor AveragePool(const Tensor& in, const SlidingWindow& window) {
  const Shape nothing(window.kernel.size(), 0);
  switch (window.kernel.size()) {
    case 1:
      return at::avg_pool1d(in, window.kernel, window.strides, nothing);
    case 2:
      return at::avg_pool2d(in, window.kernel, window.strides, nothing);
    default:
      return at::avg_pool3d(in, window.kernel, window.strides, nothing);
  }
}

Tensor MaxPool(const Tensor& in, const SlidingWindow& window) {
  const Shape nothing(window.kernel.size(), 0);
  switch (window.kernel.size()) {
    case 1:
      return at::max_pool1d(in, window.kernel, window.strides, nothing, window.dilations);
    case 2:
      return at::max_pool2d(in, window.kernel, window.strides, nothing, window.dilations);
    default:
      return at::max_pool3d(in, window.kernel, window.strides, nothing, window.dilations);
  }
}

}  // namespace

absl::StatusOr<TorchStep> MakeMaxPool(const TorchOperands& operands) {
  if (operands.type(0) != ElementType::kFloat) return UnimplementedElements(operands.type(0));
  TJ_ASSIGN_OR_RETURN(const SlidingWindow window, WindowOf(operands, {}));
  const Shape pads = ExactPads(window, absl::MakeConstSpan(operands.in_shape(0)).subspan(2));
  if (PadsNothing(pads)) {
    return TorchStep(
        [&in = operands.in(0), &out = operands.out(), window] { out = MaxPool(in, window); });
  }
  return TorchStep([&in = operands.in(0), &out = operands.out(), window, pads] {
    const float lowest = -std::numeric_limits<float>::infinity();
    out = MaxPool(at::constant_pad_nd(in, pads, lowest), window);
  });
}

namespace {

// The share of each window's kernel that counts: it lies on the input, or also on its padding.
Tensor CountedShare(const SlidingWindow& window, const Shape& input, const Shape& pads,
                    bool count_padding) {
  Shape counted = {1, 1};
  Shape offset = pads;
  for (size_t i = 2; i < input.size(); ++i) {
    counted.push_back(input[i]);
    if (!count_padding) continue;
    const size_t begin = 2 * (input.size() - 1 - i);
    counted.back() += window.pads_begin[i - 2] + window.pads_end[i - 2];
    offset[begin] = 0;
    offset[begin + 1] = pads[begin] + pads[begin + 1] + input[i] - counted.back();
  }
  return AveragePool(at::constant_pad_nd(at::ones(counted), offset), window);
}

}  // namespace

absl::StatusOr<TorchStep> MakeAveragePool(const TorchOperands& operands) {
  if (operands.type(0) != ElementType::kFloat) return UnimplementedElements(operands.type(0));
  TJ_ASSIGN_OR_RETURN(const SlidingWindow window, WindowOf(operands, {}));
  if (std::any_of(window.dilations.begin(), window.dilations.end(),
                  [](int64_t dilation) { return dilation != 1; })) {
    return absl::UnimplementedError("dilations");
  }
  const Shape& input = operands.in_shape(0);
  const Shape pads = ExactPads(window, absl::MakeConstSpan(input).subspan(2));
  if (PadsNothing(pads)) {
    return TorchStep(
        [&in = operands.in(0), &out = operands.out(), window] { out = AveragePool(in, window); });
  }
  const bool count_padding = operands.node().Int("count_include_pad", 0) != 0;
  const Tensor share = CountedShare(window, input, pads, count_padding);
  return TorchStep([&in = operands.in(0), &out = operands.out(), window, pads, share] {
    out = AveragePool(at::constant_pad_nd(in, pads), window) / share;
  });
}

absl::StatusOr<TorchStep> MakeGlobalPool(const TorchOperands& operands) {
  Shape axes(operands.in_shape(0).size() - 2);
  std::iota(axes.begin(), axes.end(), 2);
  const bool average = operands.node().op_type == "GlobalAveragePool";
  return TorchStep([&in = operands.in(0), &out = operands.out(), axes, average] {
    out = average ? at::mean(in, axes, /*keepdim=*/true) : at::amax(in, axes, /*keepdim=*/true);
  });
}

absl::StatusOr<TorchStep> MakeBatchNormalization(const TorchOperands& operands) {
  const float epsilon = operands.node().Float("epsilon", 1e-5f);
  return TorchStep([&in = operands.in(0), &scale = operands.in(1), &bias = operands.in(2),
                    &mean = operands.in(3), &variance = operands.in(4), &out = operands.out(),
                    epsilon] {
    out = at::batch_norm(in, scale, bias, mean, variance, /*training=*/false, /*momentum=*/0,
                         epsilon, /*cudnn_enabled=*/false);
  });
}

namespace {

// alpha A' B' + beta C, whatever is constant.
absl::StatusOr<TorchStep> MakeGeneralGemm(const TorchOperands& operands) {
  const GraphNode& node = operands.node();
  const bool transpose_a = node.Int("transA", 0) != 0;
  const bool transpose_b = node.Int("transB", 0) != 0;
  const float alpha = node.Float("alpha", 1);
  const float beta = node.Float("beta", 1);
  const Tensor* const c = operands.Has(2) ? operands.inputs[2] : nullptr;
  return TorchStep([=, &a = operands.in(0), &b = operands.in(1), &out = operands.out()] {
    const Tensor product = at::mm(transpose_a ? a.t() : a, transpose_b ? b.t() : b);
    const Tensor scaled = alpha == 1 ? product : product * alpha;
    out = c == nullptr ? scaled : at::add(scaled, *c, beta);
  });
}

}  // namespace

absl::StatusOr<TorchStep> MakeGemm(const TorchOperands& operands) {
  const GraphNode& node = operands.node();
  const bool has_bias = operands.Has(2);
  const bool is_layer = operands.IsConstant(1) && (!has_bias || operands.IsConstant(2)) &&
                        node.Int("transA", 0) == 0 &&
                        (!has_bias || operands.in_shape(2) == Shape{operands.out_shape()[1]});
  if (!is_layer) return MakeGeneralGemm(operands);
  const Tensor factor = node.Int("transB", 0) != 0 ? operands.in(1) : operands.in(1).t();
  const float alpha = node.Float("alpha", 1);
  const float beta = node.Float("beta", 1);
  const Tensor weights = (alpha == 1 ? factor : factor * alpha).contiguous();
  const Tensor bias = has_bias ? (beta == 1 ? operands.in(2) : operands.in(2) * beta) : Tensor();
  return TorchStep([&in = operands.in(0), &out = operands.out(), weights, bias] {
    out = at::linear(in, weights, bias);
  });
}

absl::StatusOr<TorchStep> MakeMatMul(const TorchOperands& operands) {
  return TorchStep([&a = operands.in(0), &b = operands.in(1), &out = operands.out()] {
    out = at::matmul(a, b);
  });
}

namespace {

Tensor QuantizedWeights(const QuantizedLayer& layer, const Tensor& weights) {
  if (layer.weight_scales.size() == 1) {
    return at::_make_per_tensor_quantized_tensor(weights, layer.weight_scales[0], 0);
  }
  const Tensor scales = at::tensor(layer.weight_scales, at::kDouble);
  return at::_make_per_channel_quantized_tensor(weights, scales,
                                                at::zeros(scales.sizes(), at::kLong), 0);
}

// LibTorch registers its packing functions as operators only.
c10::IValue Pack(const char* operator_name, torch::jit::Stack arguments) {
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(operator_name, "");
  handle.callBoxed(&arguments);
  return arguments.at(0);
}

// LibTorch packs a one-dimensional convolution as one over pictures of one row.
c10::List<int64_t> OfPicture(int64_t vertical, const Shape& extents) {
  c10::List<int64_t> result;
  if (extents.size() == 1) result.push_back(vertical);
  for (const int64_t extent : extents) result.push_back(extent);
  return result;
}

c10::optional<Tensor> Maybe(const Tensor& bias) {
  return bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt;
}

TorchStep QuantizedConv(const QuantizedLayer& layer, const Tensor& weights, const Tensor& bias,
                        const Tensor& in, Tensor& out) {
  const SlidingWindow& window = layer.window;
  const bool is_row = window.kernel.size() == 1;
  const auto packed =
      Pack("quantized::conv2d_prepack",
           {QuantizedWeights(layer, is_row ? weights.unsqueeze(2) : weights), Maybe(bias),
            OfPicture(1, window.strides), OfPicture(0, window.pads_begin),
            OfPicture(1, window.dilations), layer.groups})
          .toCustomClass<ConvPackedParamsBase<2>>();
  return [&in, &out, packed, is_row, rectified = layer.relu != nullptr,
          scale = static_cast<double>(layer.output.scale),
          zero_point = UnsignedZeroPoint(layer.output)] {
    const Tensor image = is_row ? in.unsqueeze(2) : in;
    const Tensor result = rectified ? packed->apply_relu(image, scale, zero_point)
                                    : packed->apply(image, scale, zero_point);
    out = is_row ? result.squeeze(2) : result;
  };
}

TorchStep QuantizedLinear(const QuantizedLayer& layer, const Tensor& weights, const Tensor& bias,
                          const Tensor& in, Tensor& out) {
  const auto packed =
      Pack("quantized::linear_prepack", {QuantizedWeights(layer, weights), Maybe(bias)})
          .toCustomClass<LinearPackedParamsBase>();
  return [&in, &out, packed, rectified = layer.relu != nullptr,
          scale = static_cast<double>(layer.output.scale),
          zero_point = UnsignedZeroPoint(layer.output)] {
    out = rectified ? packed->apply_relu(in, scale, zero_point)
                    : packed->apply(in, scale, zero_point);
  };
}

}  // namespace

TorchStep MakeQuantizedLayerStep(const QuantizedLayer& layer, const Tensor& weights,
                                 const Tensor& bias, const Tensor& in, Tensor& out) {
  return layer.is_conv() ? QuantizedConv(layer, weights, bias, in, out)
                         : QuantizedLinear(layer, weights, bias, in, out);
}

}  // namespace tinyjoule
