// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "agent/runner/xnnpack_compiler.h"
#include "agent/runner/xnnpack_weights.h"
#include "common/base/status.h"
#include "common/onnx/sliding_window.h"

// Convolution, pooling and what else sees an image.

namespace tinyjoule {
namespace {

absl::Status CheckImage(const Shape& shape) {
  if (shape[0] != 1) return absl::UnimplementedError(absl::StrCat("a batch of ", shape[0]));
  if (shape.size() == 3 || shape.size() == 4) return absl::OkStatus();
  return absl::UnimplementedError("three spatial dimensions");
}

// A line is an image of height 1.
ImageWindow ImageWindowOf(const SlidingWindow& sliding, const Shape& input) {
  const bool has_height = input.size() == 4;
  const size_t x = has_height ? 1 : 0;
  // What ceil_mode adds behind the input counts as padding there.
  const auto pad_end = [&](size_t i) {
    const int64_t extent = (sliding.kernel[i] - 1) * sliding.dilations[i] + 1;
    const int64_t reached = (sliding.output[i] - 1) * sliding.strides[i] + extent;
    return static_cast<uint32_t>(
        std::max(sliding.pads_end[i], reached - input[i + 2] - sliding.pads_begin[i]));
  };
  ImageWindow window;
  window.pad_left = static_cast<uint32_t>(sliding.pads_begin[x]);
  window.pad_right = pad_end(x);
  window.kernel_width = static_cast<uint32_t>(sliding.kernel[x]);
  window.stride_width = static_cast<uint32_t>(sliding.strides[x]);
  window.dilation_width = static_cast<uint32_t>(sliding.dilations[x]);
  window.input_width = static_cast<size_t>(input.back());
  if (!has_height) return window;
  window.pad_top = static_cast<uint32_t>(sliding.pads_begin[0]);
  window.pad_bottom = pad_end(0);
  window.kernel_height = static_cast<uint32_t>(sliding.kernel[0]);
  window.stride_height = static_cast<uint32_t>(sliding.strides[0]);
  window.dilation_height = static_cast<uint32_t>(sliding.dilations[0]);
  window.input_height = static_cast<size_t>(input[2]);
  return window;
}

absl::StatusOr<ImageWindow> WindowOf(const GraphNode& node, const Shape& input,
                                     absl::Span<const int64_t> kernel) {
  TJ_RETURN_IF_ERROR(CheckImage(input));
  TJ_ASSIGN_OR_RETURN(const SlidingWindow sliding,
                      SlidingWindowOf(node, absl::MakeConstSpan(input).subspan(2), kernel));
  return ImageWindowOf(sliding, input);
}

absl::Status CheckAveragePool(const GraphNode& node, const ImageWindow& window) {
  if (window.dilation_height != 1 || window.dilation_width != 1) {
    return absl::UnimplementedError("dilations");
  }
  if (window.padded() && node.Int("count_include_pad", 0) != 0) {
    return absl::UnimplementedError("count_include_pad with padding");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Activation> XnnCompiler::EmitConv(const FusedNodes& fused) {
  ++layers_;
  const GraphNode& node = *fused.core;
  const Shape& input = ShapeOf(node.inputs[0]);
  const Shape& kernel = ShapeOf(node.inputs[1]);
  TJ_ASSIGN_OR_RETURN(const ImageWindow window,
                      WindowOf(node, input, absl::MakeConstSpan(kernel).subspan(2)));
  Groups groups;
  groups.count = static_cast<uint32_t>(node.Int("group", 1));
  groups.inputs = static_cast<size_t>(kernel[1]);
  groups.outputs = static_cast<size_t>(kernel[0]) / groups.count;
  if (ReadsDynamic(fused)) return EmitDynamicConv(fused, window, groups);
  if (fused.quantize == nullptr) return EmitFloatConv(fused, window, groups);
  TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 0));
  const Activation in = InLayout(operand, input[1]);
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, kernel[0]));
  TJ_ASSIGN_OR_RETURN(const Int8Weights weights,
                      Int8ConvolutionWeights(graph_, fused, in.quantization.scale));
  TJ_RETURN_IF_ERROR(AddConvolution(window, groups, weights, fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitFloatConv(const FusedNodes& fused,
                                                      const ImageWindow& window,
                                                      const Groups& groups) {
  TJ_ASSIGN_OR_RETURN(const FloatWeights weights, ConvolutionWeights(graph_, fused));
  TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 0));
  const int64_t inputs = static_cast<int64_t>(groups.count * groups.inputs);
  const int64_t results = graph_.value(fused.result).size();
  if (results == 0) return absl::UnimplementedError("an empty result");
  const int64_t pixels = results / ShapeOf(fused.core->inputs[1])[0];
  if (TakesSparse(
          PaysSparseConvolution(weights, pixels, operand.size + results, BestSparseKernels()))) {
    const Activation in = operand.channels == 1 ? operand : InLayout(operand, inputs);
    return AddSparseConvolution(window, groups, weights, fused.clamp, in, &plan_);
  }
  const Activation in = InLayout(operand, inputs);
  half_layers_ += in.half;
  TJ_ASSIGN_OR_RETURN(const Activation out,
                      NewResult(fused, static_cast<int64_t>(groups.count * groups.outputs)));
  TJ_RETURN_IF_ERROR(AddConvolution(window, groups, weights, fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitPool(const FusedNodes& fused) {
  const GraphNode& node = *fused.core;
  const Shape& shape = ShapeOf(node.inputs[0]);
  TJ_ASSIGN_OR_RETURN(const ImageWindow window, WindowOf(node, shape, {}));
  const bool is_max = node.op_type == "MaxPool";
  // The largest step is the largest value.
  TJ_ASSIGN_OR_RETURN(const Activation operand,
                      is_max ? AnyOperand(node.inputs[0]) : FloatOperand(node.inputs[0]));
  const Activation in = InLayout(operand, shape[1]);
  const int64_t size = graph_.value(fused.result).size();
  if (size == 0) return absl::UnimplementedError("an empty result");
  const Activation out = NewLike(in, size, shape[1]);
  if (window.single_tap()) {
    if (in.size != out.size || window.padded()) {
      return absl::UnimplementedError("a pooling of single elements with strides or padding");
    }
    TJ_RETURN_IF_ERROR(AddClamp(fused.clamp, in, out, &plan_));
  } else if (is_max) {
    TJ_RETURN_IF_ERROR(AddMaxPool(window, shape[1], fused.clamp, in, out, &plan_));
  } else {
    TJ_RETURN_IF_ERROR(CheckAveragePool(node, window));
    TJ_RETURN_IF_ERROR(AddAveragePool(window, shape[1], fused.clamp, in, out, &plan_));
  }
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitGlobalPool(const FusedNodes& fused) {
  const Shape& shape = ShapeOf(fused.core->inputs[0]);
  TJ_RETURN_IF_ERROR(CheckImage(shape));
  TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 0));
  const Activation in = InLayout(operand, shape[1]);
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, shape[1]));
  if (fused.core->op_type == "GlobalAveragePool") {
    TJ_RETURN_IF_ERROR(AddGlobalAverage(shape[1], fused.clamp, in, out, &plan_));
    return out;
  }
  ImageWindow window;
  window.kernel_height = static_cast<uint32_t>(shape.size() == 4 ? shape[2] : 1);
  window.kernel_width = static_cast<uint32_t>(shape.back());
  window.input_height = window.kernel_height;
  window.input_width = window.kernel_width;
  if (window.single_tap()) return in;
  TJ_RETURN_IF_ERROR(AddMaxPool(window, shape[1], fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitReduceMean(const FusedNodes& fused) {
  const GraphNode& node = *fused.core;
  const Shape& shape = ShapeOf(node.inputs[0]);
  TJ_RETURN_IF_ERROR(CheckImage(shape));
  Shape axes = node.Ints("axes", {});
  for (int64_t& axis : axes) axis += axis < 0 ? static_cast<int64_t>(shape.size()) : 0;
  std::sort(axes.begin(), axes.end());
  TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 0));
  const bool over_space = axes == (shape.size() == 3 ? Shape{2} : Shape{2, 3});
  // The last dimension as channels: what a channels-last model averages.
  const bool over_rows = shape.size() == 3 && axes == Shape{1};
  if (!over_space && !over_rows) {
    return absl::UnimplementedError(absl::StrCat("axes ", ShapeText(axes)));
  }
  const int64_t channels = over_space ? shape[1] : shape[2];
  const Activation in = InLayout(operand, over_space ? shape[1] : 1);
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, channels));
  TJ_RETURN_IF_ERROR(AddGlobalAverage(channels, fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitNormalization(const FusedNodes& fused) {
  const Shape& shape = ShapeOf(fused.core->inputs[0]);
  if (shape[0] != 1) return absl::UnimplementedError(absl::StrCat("a batch of ", shape[0]));
  TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 0));
  TJ_ASSIGN_OR_RETURN(const FloatWeights weights, NormalizationWeights(graph_, *fused.core));
  const Activation in = InLayout(operand, shape[1]);
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, shape[1]));
  ImageWindow window;
  window.input_width = static_cast<size_t>(in.size / shape[1]);
  const Groups groups = {static_cast<uint32_t>(shape[1]), 1, 1};
  TJ_RETURN_IF_ERROR(AddConvolution(window, groups, weights, fused.clamp, in, out, &plan_));
  return out;
}

}  // namespace tinyjoule
