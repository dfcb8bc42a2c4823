// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Operators over images and dense layers, and what all operators share.
#include "agent/runner/xnnpack_operators.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_step.h"
#include "common/base/status.h"

namespace tinyjoule {

Int8Clamp QuantizeClamp(Clamp clamp, Quantization quantization) {
  const auto quantize = [&](float bound) {
    const float steps = std::nearbyint(bound / quantization.scale) + quantization.zero_point;
    return static_cast<int8_t>(std::clamp(steps, -128.0f, 127.0f));
  };
  return {quantize(clamp.low), quantize(clamp.high)};
}

absl::Status AddOperator(absl::string_view name, xnn_operator_t op, xnn_status setup,
                         XnnPlan* plan) {
  XnnOperator owned(op);
  TJ_RETURN_IF_ERROR(XnnStatus(setup, absl::StrCat("set up ", name)));
  plan->AddStep(std::move(owned));
  return absl::OkStatus();
}

absl::Status AddConvolution(const ImageWindow& window, const Groups& groups,
                            const FloatWeights& weights, Clamp clamp, const Activation& in,
                            const Activation& out, XnnPlan* plan) {
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_convolution2d_nhwc_f32(
          window.pad_top, window.pad_right, window.pad_bottom, window.pad_left,
          window.kernel_height, window.kernel_width, window.stride_height, window.stride_width,
          window.dilation_height, window.dilation_width, groups.count, groups.inputs,
          groups.outputs, groups.count * groups.inputs, groups.count * groups.outputs,
          weights.values.data(), weights.bias.data(), clamp.low, clamp.high, 0, &op),
      "create convolution"));
  return AddOperator(
      "convolution", op,
      xnn_setup_convolution2d_nhwc_f32(op, 1, window.input_height, window.input_width, in.floats(),
                                       out.floats(), plan->pool()),
      plan);
}

absl::Status AddConvolution(const ImageWindow& window, const Groups& groups,
                            const Int8Weights& weights, Clamp clamp, const Activation& in,
                            const Activation& out, XnnPlan* plan) {
  const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
  xnn_operator_t op = nullptr;
  if (weights.per_channel()) {
    TJ_RETURN_IF_ERROR(XnnStatus(
        xnn_create_convolution2d_nhwc_qc8(
            window.pad_top, window.pad_right, window.pad_bottom, window.pad_left,
            window.kernel_height, window.kernel_width, window.stride_height, window.stride_width,
            window.dilation_height, window.dilation_width, groups.count, groups.inputs,
            groups.outputs, groups.count * groups.inputs, groups.count * groups.outputs,
            in.quantization.zero_point, in.quantization.scale, weights.scales.data(),
            weights.values.data(), weights.bias.data(), out.quantization.zero_point,
            out.quantization.scale, bounds.low, bounds.high, 0, &op),
        "create int8 convolution with a scale per channel"));
    return AddOperator(
        "int8 convolution", op,
        xnn_setup_convolution2d_nhwc_qc8(op, 1, window.input_height, window.input_width, in.bytes(),
                                         out.bytes(), plan->pool()),
        plan);
  }
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_convolution2d_nhwc_qs8(
          window.pad_top, window.pad_right, window.pad_bottom, window.pad_left,
          window.kernel_height, window.kernel_width, window.stride_height, window.stride_width,
          window.dilation_height, window.dilation_width, groups.count, groups.inputs,
          groups.outputs, groups.count * groups.inputs, groups.count * groups.outputs,
          in.quantization.zero_point, in.quantization.scale, weights.scales[0],
          weights.values.data(), weights.bias.data(), out.quantization.zero_point,
          out.quantization.scale, bounds.low, bounds.high, 0, &op),
      "create int8 convolution"));
  return AddOperator(
      "int8 convolution", op,
      xnn_setup_convolution2d_nhwc_qs8(op, 1, window.input_height, window.input_width, in.bytes(),
                                       out.bytes(), plan->pool()),
      plan);
}

absl::Status AddDense(int64_t rows, int64_t inputs, int64_t outputs, const FloatWeights& weights,
                      Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t k = static_cast<size_t>(inputs);
  const size_t n = static_cast<size_t>(outputs);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_fully_connected_nc_f32(k, n, k, n, weights.values.data(), weights.bias.data(),
                                        clamp.low, clamp.high, 0, &op),
      "create fully connected layer"));
  return AddOperator("fully connected layer", op,
                     xnn_setup_fully_connected_nc_f32(op, static_cast<size_t>(rows), in.floats(),
                                                      out.floats(), plan->pool()),
                     plan);
}

absl::Status AddDense(int64_t rows, int64_t inputs, int64_t outputs, const Int8Weights& weights,
                      Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t k = static_cast<size_t>(inputs);
  const size_t n = static_cast<size_t>(outputs);
  if (weights.per_channel()) {
    // XNNPACK has no fully connected layer with a scale per channel, but a 1x1 convolution.
    ImageWindow window;
    window.input_width = static_cast<size_t>(rows);
    return AddConvolution(window, Groups{1, k, n}, weights, clamp, in, out, plan);
  }
  const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_fully_connected_nc_qs8(
          k, n, k, n, in.quantization.zero_point, in.quantization.scale, weights.scales[0],
          weights.values.data(), weights.bias.data(), out.quantization.zero_point,
          out.quantization.scale, bounds.low, bounds.high, 0, &op),
      "create int8 fully connected layer"));
  return AddOperator("int8 fully connected layer", op,
                     xnn_setup_fully_connected_nc_qs8(op, static_cast<size_t>(rows), in.bytes(),
                                                      out.bytes(), plan->pool()),
                     plan);
}

absl::Status AddMaxPool(const ImageWindow& window, int64_t channel_count, Clamp clamp,
                        const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t channels = static_cast<size_t>(channel_count);
  const char* const name = "max pooling";
  xnn_operator_t op = nullptr;
  if (in.quantized) {
    const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
    TJ_RETURN_IF_ERROR(XnnStatus(
        xnn_create_max_pooling2d_nhwc_s8(window.pad_top, window.pad_right, window.pad_bottom,
                                         window.pad_left, window.kernel_height, window.kernel_width,
                                         window.stride_height, window.stride_width,
                                         window.dilation_height, window.dilation_width, channels,
                                         channels, channels, bounds.low, bounds.high, 0, &op),
        "create int8 max pooling"));
    return AddOperator(
        name, op,
        xnn_setup_max_pooling2d_nhwc_s8(op, 1, window.input_height, window.input_width, in.bytes(),
                                        out.bytes(), plan->pool()),
        plan);
  }
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_max_pooling2d_nhwc_f32(window.pad_top, window.pad_right, window.pad_bottom,
                                        window.pad_left, window.kernel_height, window.kernel_width,
                                        window.stride_height, window.stride_width,
                                        window.dilation_height, window.dilation_width, channels,
                                        channels, channels, clamp.low, clamp.high, 0, &op),
      "create max pooling"));
  return AddOperator(
      name, op,
      xnn_setup_max_pooling2d_nhwc_f32(op, 1, window.input_height, window.input_width, in.floats(),
                                       out.floats(), plan->pool()),
      plan);
}

absl::Status AddAveragePool(const ImageWindow& window, int64_t channel_count, Clamp clamp,
                            const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t channels = static_cast<size_t>(channel_count);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_average_pooling2d_nhwc_f32(
          window.pad_top, window.pad_right, window.pad_bottom, window.pad_left,
          window.kernel_height, window.kernel_width, window.stride_height, window.stride_width,
          channels, channels, channels, clamp.low, clamp.high, 0, &op),
      "create average pooling"));
  return AddOperator(
      "average pooling", op,
      xnn_setup_average_pooling2d_nhwc_f32(op, 1, window.input_height, window.input_width,
                                           in.floats(), out.floats(), plan->pool()),
      plan);
}

absl::Status AddGlobalAverage(int64_t channel_count, Clamp clamp, const Activation& in,
                              const Activation& out, XnnPlan* plan) {
  const size_t channels = static_cast<size_t>(channel_count);
  const size_t pixels = static_cast<size_t>(in.size) / channels;
  const char* const name = "global average pooling";
  xnn_operator_t op = nullptr;
  if (in.quantized) {
    const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
    TJ_RETURN_IF_ERROR(XnnStatus(
        xnn_create_global_average_pooling_nwc_qs8(
            channels, channels, channels, in.quantization.zero_point, in.quantization.scale,
            out.quantization.zero_point, out.quantization.scale, bounds.low, bounds.high, 0, &op),
        "create int8 global average pooling"));
    return AddOperator(name, op,
                       xnn_setup_global_average_pooling_nwc_qs8(op, 1, pixels, in.bytes(),
                                                                out.bytes(), plan->pool()),
                       plan);
  }
  TJ_RETURN_IF_ERROR(XnnStatus(xnn_create_global_average_pooling_nwc_f32(
                                   channels, channels, channels, clamp.low, clamp.high, 0, &op),
                               "create global average pooling"));
  return AddOperator(name, op,
                     xnn_setup_global_average_pooling_nwc_f32(op, 1, pixels, in.floats(),
                                                              out.floats(), plan->pool()),
                     plan);
}

}  // namespace tinyjoule
