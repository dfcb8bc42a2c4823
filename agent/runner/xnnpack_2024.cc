// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The operators of xnnpack_operators.h whose functions XNNPACK has changed: here as Debian 13 has
// them (November 2024). One function for all that take every value for itself, without bounds of
// the result: a step of its own cuts it.
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_compat.h"
#include "agent/runner/xnnpack_operators.h"
#include "agent/runner/xnnpack_step.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

xnn_datatype DatatypeOf(const Activation& activation) {
  if (activation.quantized) return xnn_datatype_qint8;
  return activation.half ? xnn_datatype_fp16 : xnn_datatype_fp32;
}

xnn_quantization_params QuantizationOf(const Activation& activation) {
  return {activation.quantization.zero_point, activation.quantization.scale};
}

absl::Status AddClampInPlace(Clamp clamp, const Activation& out, XnnPlan* plan) {
  if (std::isinf(clamp.low) && std::isinf(clamp.high)) return absl::OkStatus();
  return AddClamp(clamp, out, out, plan);
}

template <typename Functions, typename Element>
xnn_status SetUpMaxPool(const Functions& functions, xnn_operator_t op, const ImageWindow& window,
                        size_t channels, const Element* in, Element* out, pthreadpool_t pool) {
  XnnImageSizes sizes;
  const xnn_status status =
      functions.reshape(op, 1, window.input_height, window.input_width, channels, channels,
                        channels, &sizes.output_height, &sizes.output_width, pool);
  return status == xnn_status_success ? functions.set_up(op, in, out) : status;
}

// Low and high as the functions want them.
template <typename Functions, typename Bound, typename Element>
absl::Status AddMaxPoolOf(const Functions& functions, const ImageWindow& window, size_t channels,
                          Bound low, Bound high, const Element* in, Element* out, XnnPlan* plan) {
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(functions.create(window.pad_top, window.pad_right, window.pad_bottom,
                                 window.pad_left, window.kernel_height, window.kernel_width,
                                 window.stride_height, window.stride_width, window.dilation_height,
                                 window.dilation_width, low, high, 0, &op),
                "create max pooling"));
  return AddOperator("max pooling", op,
                     SetUpMaxPool(functions, op, window, channels, in, out, plan->pool()), plan);
}

}  // namespace

absl::Status AddMaxPool(const ImageWindow& window, int64_t channel_count, Clamp clamp,
                        const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t channels = static_cast<size_t>(channel_count);
  if (in.quantized) {
    const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
    constexpr XnnFunctions kFunctions{xnn_create_max_pooling2d_nhwc_s8,
                                      xnn_reshape_max_pooling2d_nhwc_s8,
                                      xnn_setup_max_pooling2d_nhwc_s8};
    return AddMaxPoolOf(kFunctions, window, channels, bounds.low, bounds.high, in.bytes(),
                        out.bytes(), plan);
  }
  if (in.half) {
    constexpr XnnFunctions kFunctions{xnn_create_max_pooling2d_nhwc_f16,
                                      xnn_reshape_max_pooling2d_nhwc_f16,
                                      xnn_setup_max_pooling2d_nhwc_f16};
    return AddMaxPoolOf(kFunctions, window, channels, clamp.low, clamp.high,
                        static_cast<const void*>(in.data), out.data, plan);
  }
  constexpr XnnFunctions kFunctions{xnn_create_max_pooling2d_nhwc_f32,
                                    xnn_reshape_max_pooling2d_nhwc_f32,
                                    xnn_setup_max_pooling2d_nhwc_f32};
  return AddMaxPoolOf(kFunctions, window, channels, clamp.low, clamp.high, in.floats(),
                      out.floats(), plan);
}

namespace {

xnn_status SetUpAveragePool(xnn_operator_t op, const ImageWindow& window, size_t channels,
                            const Activation& in, const Activation& out, XnnPlan* plan) {
  XnnImageSizes sizes;
  const xnn_status status = xnn_reshape_average_pooling2d_nhwc_f32(
      op, 1, window.input_height, window.input_width, channels, channels, channels,
      &sizes.workspace, &sizes.alignment, &sizes.output_height, &sizes.output_width, plan->pool());
  if (status != xnn_status_success) return status;
  return xnn_setup_average_pooling2d_nhwc_f32(op, plan->NewWorkspace(sizes.workspace), in.floats(),
                                              out.floats());
}

// The mean over all pixels of each channel.
xnn_status SetUpMean(xnn_operator_t op, size_t channels, const Activation& in,
                     const Activation& out, XnnPlan* plan) {
  const int64_t axis = 0;
  const size_t shape[] = {static_cast<size_t>(in.size) / channels, channels};
  XnnImageSizes sizes;
  const xnn_status status = xnn_reshape_reduce_nd(op, 1, &axis, 2, shape, &sizes.workspace,
                                                  &sizes.alignment, plan->pool());
  if (status != xnn_status_success) return status;
  // float32 is summed where the result lies; out of a workspace XNNPACK would convert it by a
  // function that it does not have.
  const bool summed_apart = in.quantized || in.half;
  void* const workspace = summed_apart ? plan->NewWorkspace(sizes.workspace) : nullptr;
  return xnn_setup_reduce_nd(op, workspace, in.data, out.data);
}

}  // namespace

absl::Status AddAveragePool(const ImageWindow& window, int64_t channel_count, Clamp clamp,
                            const Activation& in, const Activation& out, XnnPlan* plan) {
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      xnn_create_average_pooling2d_nhwc_f32(window.pad_top, window.pad_right, window.pad_bottom,
                                            window.pad_left, window.kernel_height,
                                            window.kernel_width, window.stride_height,
                                            window.stride_width, clamp.low, clamp.high, 0, &op),
      "create average pooling"));
  return AddOperator(
      "average pooling", op,
      SetUpAveragePool(op, window, static_cast<size_t>(channel_count), in, out, plan), plan);
}

absl::Status AddGlobalAverage(int64_t channel_count, Clamp clamp, const Activation& in,
                              const Activation& out, XnnPlan* plan) {
  const xnn_quantization_params from = QuantizationOf(in);
  const xnn_quantization_params to = QuantizationOf(out);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(xnn_create_reduce_nd(xnn_reduce_mean, DatatypeOf(in), &from, &to, 0, &op),
                "create global average pooling"));
  TJ_RETURN_IF_ERROR(AddOperator("global average pooling", op,
                                 SetUpMean(op, static_cast<size_t>(channel_count), in, out, plan),
                                 plan));
  return AddClampInPlace(clamp, out, plan);
}

namespace {

xnn_binary_operator BinaryOperator(const std::string& op_type) {
  if (op_type == "Add") return xnn_binary_add;
  if (op_type == "Sub") return xnn_binary_subtract;
  if (op_type == "Mul") return xnn_binary_multiply;
  return xnn_binary_divide;
}

xnn_unary_operator UnaryOperator(const std::string& op_type) {
  if (op_type == "Abs") return xnn_unary_abs;
  if (op_type == "LeakyRelu") return xnn_unary_leaky_relu;
  if (op_type == "Neg") return xnn_unary_negate;
  if (op_type == "Sqrt") return xnn_unary_square_root;
  return xnn_unary_sigmoid;
}

xnn_status SetUpBinary(xnn_operator_t op, const Activation& a, const Activation& b,
                       const Activation& out, XnnPlan* plan) {
  const size_t size = static_cast<size_t>(out.size);
  const xnn_status status = xnn_reshape_binary_elementwise_nd(op, 1, &size, 1, &size, plan->pool());
  if (status != xnn_status_success) return status;
  return xnn_setup_binary_elementwise_nd(op, a.data, b.data, out.data);
}

xnn_status SetUpUnary(xnn_operator_t op, const Activation& in, const Activation& out,
                      XnnPlan* plan) {
  const size_t size = static_cast<size_t>(in.size);
  const xnn_status status =
      xnn_reshape_unary_elementwise_nc(op, kFlatBatch, size, size, size, plan->pool());
  return status == xnn_status_success ? xnn_setup_unary_elementwise_nc(op, in.data, out.data)
                                      : status;
}

absl::Status AddUnaryOperator(absl::string_view name, xnn_unary_operator type,
                              const xnn_unary_params& parameters, const Activation& in,
                              const Activation& out, XnnPlan* plan) {
  const xnn_quantization_params from = QuantizationOf(in);
  const xnn_quantization_params to = QuantizationOf(out);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(xnn_create_unary_elementwise_nc(type, DatatypeOf(in), DatatypeOf(out), &parameters,
                                                &from, &to, 0, &op),
                absl::StrCat("create ", name)));
  return AddOperator(name, op, SetUpUnary(op, in, out, plan), plan);
}

absl::Status AddClampOf(Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  xnn_unary_params bounds = {};
  bounds.clamp.min = clamp.low;
  bounds.clamp.max = clamp.high;
  return AddUnaryOperator("clamp", xnn_unary_clamp, bounds, in, out, plan);
}

}  // namespace

absl::Status AddBinary(const std::string& op_type, Clamp clamp, const Activation& a,
                       const Activation& b, const Activation& out, XnnPlan* plan) {
  const xnn_quantization_params left = QuantizationOf(a);
  const xnn_quantization_params right = QuantizationOf(b);
  const xnn_quantization_params result = QuantizationOf(out);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(xnn_create_binary_elementwise_nd(BinaryOperator(op_type), DatatypeOf(out), &left,
                                                 &right, &result, 0, &op),
                absl::StrCat("create ", op_type)));
  TJ_RETURN_IF_ERROR(AddOperator(op_type, op, SetUpBinary(op, a, b, out, plan), plan));
  return AddClampInPlace(clamp, out, plan);
}

absl::Status AddClamp(Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  if (!in.quantized) return AddClampOf(clamp, in, out, plan);
  // Bounds in steps, rounded as everywhere, of values that are steps.
  const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
  Activation steps_in = in;
  Activation steps_out = out;
  steps_in.quantization = steps_out.quantization = Quantization{};
  return AddClampOf({static_cast<float>(bounds.low), static_cast<float>(bounds.high)}, steps_in,
                    steps_out, plan);
}

absl::Status AddUnary(const std::string& op_type, float slope, const Activation& in,
                      const Activation& out, XnnPlan* plan) {
  if (op_type == "Tanh") {
    AddTanh(in, out, plan);
    return absl::OkStatus();
  }
  xnn_unary_params parameters = {};
  if (op_type == "LeakyRelu") parameters.leaky_relu.negative_slope = slope;
  return AddUnaryOperator(op_type, UnaryOperator(op_type), parameters, in, out, plan);
}

absl::Status AddSoftmax(int64_t count, const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t channels = static_cast<size_t>(count);
  const size_t rows = static_cast<size_t>(in.size) / channels;
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(xnn_create_softmax_nc_f32(0, &op), "create softmax"));
  xnn_status status =
      xnn_reshape_softmax_nc_f32(op, channels, channels, channels, rows, plan->pool());
  if (status == xnn_status_success) {
    status = xnn_setup_softmax_nc_f32(op, in.floats(), out.floats());
  }
  return AddOperator("softmax", op, status, plan);
}

absl::Status AddConversion(const Activation& in, const Activation& out, XnnPlan* plan) {
  const char* const name = out.half        ? "conversion to float16"
                           : out.quantized ? "conversion to int8"
                                           : "conversion to float32";
  return AddUnaryOperator(name, xnn_unary_convert, {}, in, out, plan);
}

}  // namespace tinyjoule
