// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The operators of xnnpack_operators.h whose functions XNNPACK has changed: here as Debian 12 has
// them (February 2022).
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_operators.h"
#include "agent/runner/xnnpack_step.h"
#include "common/base/status.h"

namespace tinyjoule {

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
  const auto create =
      in.half ? xnn_create_max_pooling2d_nhwc_f16 : xnn_create_max_pooling2d_nhwc_f32;
  TJ_RETURN_IF_ERROR(
      XnnStatus(create(window.pad_top, window.pad_right, window.pad_bottom, window.pad_left,
                       window.kernel_height, window.kernel_width, window.stride_height,
                       window.stride_width, window.dilation_height, window.dilation_width, channels,
                       channels, channels, clamp.low, clamp.high, 0, &op),
                "create max pooling"));
  return AddOperator(
      name, op,
      in.half ? xnn_setup_max_pooling2d_nhwc_f16(op, 1, window.input_height, window.input_width,
                                                 in.data, out.data, plan->pool())
              : xnn_setup_max_pooling2d_nhwc_f32(op, 1, window.input_height, window.input_width,
                                                 in.floats(), out.floats(), plan->pool()),
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
  const auto create = in.half ? xnn_create_global_average_pooling_nwc_f16
                              : xnn_create_global_average_pooling_nwc_f32;
  TJ_RETURN_IF_ERROR(XnnStatus(create(channels, channels, channels, clamp.low, clamp.high, 0, &op),
                               "create global average pooling"));
  return AddOperator(name, op,
                     in.half ? xnn_setup_global_average_pooling_nwc_f16(op, 1, pixels, in.data,
                                                                        out.data, plan->pool())
                             : xnn_setup_global_average_pooling_nwc_f32(op, 1, pixels, in.floats(),
                                                                        out.floats(), plan->pool()),
                     plan);
}

namespace {

using CreateBinary = xnn_status (*)(float, float, uint32_t, xnn_operator_t*);
using SetUpBinary = xnn_status (*)(xnn_operator_t, size_t, const size_t*, size_t, const size_t*,
                                   const float*, const float*, float*, pthreadpool_t);

std::pair<CreateBinary, SetUpBinary> BinaryOperator(const std::string& op_type) {
  if (op_type == "Add") return {xnn_create_add_nd_f32, xnn_setup_add_nd_f32};
  if (op_type == "Sub") return {xnn_create_subtract_nd_f32, xnn_setup_subtract_nd_f32};
  if (op_type == "Mul") return {xnn_create_multiply_nd_f32, xnn_setup_multiply_nd_f32};
  return {xnn_create_divide_nd_f32, xnn_setup_divide_nd_f32};
}

absl::Status AddInt8Sum(Clamp clamp, const Activation& a, const Activation& b,
                        const Activation& out, XnnPlan* plan) {
  const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
  const size_t size = static_cast<size_t>(out.size);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(xnn_create_add_nd_qs8(a.quantization.zero_point, a.quantization.scale,
                                      b.quantization.zero_point, b.quantization.scale,
                                      out.quantization.zero_point, out.quantization.scale,
                                      bounds.low, bounds.high, 0, &op),
                "create int8 addition"));
  return AddOperator(
      "int8 addition", op,
      xnn_setup_add_nd_qs8(op, 1, &size, 1, &size, a.bytes(), b.bytes(), out.bytes(), plan->pool()),
      plan);
}

// Add and Mul.
absl::Status AddHalfBinary(const std::string& op_type, Clamp clamp, const Activation& a,
                           const Activation& b, const Activation& out, XnnPlan* plan) {
  const bool sum = op_type == "Add";
  const auto create = sum ? xnn_create_add_nd_f16 : xnn_create_multiply_nd_f16;
  const auto set_up = sum ? xnn_setup_add_nd_f16 : xnn_setup_multiply_nd_f16;
  const size_t size = static_cast<size_t>(out.size);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(create(clamp.low, clamp.high, 0, &op), absl::StrCat("create float16 ", op_type)));
  return AddOperator(op_type, op,
                     set_up(op, 1, &size, 1, &size, a.data, b.data, out.data, plan->pool()), plan);
}

}  // namespace

absl::Status AddBinary(const std::string& op_type, Clamp clamp, const Activation& a,
                       const Activation& b, const Activation& out, XnnPlan* plan) {
  if (out.quantized) return AddInt8Sum(clamp, a, b, out, plan);
  if (out.half) return AddHalfBinary(op_type, clamp, a, b, out, plan);
  const auto [create, set_up] = BinaryOperator(op_type);
  const size_t size = static_cast<size_t>(out.size);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(create(clamp.low, clamp.high, 0, &op), absl::StrCat("create ", op_type)));
  return AddOperator(
      op_type, op,
      set_up(op, 1, &size, 1, &size, a.floats(), b.floats(), out.floats(), plan->pool()), plan);
}

absl::Status AddClamp(Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t size = static_cast<size_t>(in.size);
  xnn_operator_t op = nullptr;
  if (in.quantized) {
    const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
    TJ_RETURN_IF_ERROR(
        XnnStatus(xnn_create_clamp_nc_s8(size, size, size, bounds.low, bounds.high, 0, &op),
                  "create int8 clamp"));
    return AddOperator("int8 clamp", op,
                       xnn_setup_clamp_nc_s8(op, kFlatBatch, in.bytes(), out.bytes(), plan->pool()),
                       plan);
  }
  const auto create = in.half ? xnn_create_clamp_nc_f16 : xnn_create_clamp_nc_f32;
  TJ_RETURN_IF_ERROR(
      XnnStatus(create(size, size, size, clamp.low, clamp.high, 0, &op), "create clamp"));
  return AddOperator(
      "clamp", op,
      in.half ? xnn_setup_clamp_nc_f16(op, kFlatBatch, in.data, out.data, plan->pool())
              : xnn_setup_clamp_nc_f32(op, kFlatBatch, in.floats(), out.floats(), plan->pool()),
      plan);
}

namespace {

using CreateUnary = xnn_status (*)(size_t, size_t, size_t, uint32_t, xnn_operator_t*);
using SetUpUnary = xnn_status (*)(xnn_operator_t, size_t, const float*, float*, pthreadpool_t);

std::pair<CreateUnary, SetUpUnary> UnaryOperator(const std::string& op_type) {
  if (op_type == "Abs") return {xnn_create_abs_nc_f32, xnn_setup_abs_nc_f32};
  if (op_type == "Neg") return {xnn_create_negate_nc_f32, xnn_setup_negate_nc_f32};
  if (op_type == "Sqrt") return {xnn_create_square_root_nc_f32, xnn_setup_square_root_nc_f32};
  return {xnn_create_sigmoid_nc_f32, xnn_setup_sigmoid_nc_f32};
}

}  // namespace

absl::Status AddUnary(const std::string& op_type, float slope, const Activation& in,
                      const Activation& out, XnnPlan* plan) {
  const size_t size = static_cast<size_t>(in.size);
  if (op_type == "Tanh") {
    AddTanh(in, out, plan);
    return absl::OkStatus();
  }
  xnn_operator_t op = nullptr;
  if (op_type == "LeakyRelu") {
    TJ_RETURN_IF_ERROR(XnnStatus(xnn_create_leaky_relu_nc_f32(size, size, size, slope, 0, &op),
                                 "create LeakyRelu"));
    return AddOperator(
        op_type, op,
        xnn_setup_leaky_relu_nc_f32(op, kFlatBatch, in.floats(), out.floats(), plan->pool()), plan);
  }
  const auto [create, set_up] = UnaryOperator(op_type);
  TJ_RETURN_IF_ERROR(XnnStatus(create(size, size, size, 0, &op), absl::StrCat("create ", op_type)));
  return AddOperator(op_type, op, set_up(op, kFlatBatch, in.floats(), out.floats(), plan->pool()),
                     plan);
}

absl::Status AddSoftmax(int64_t count, const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t channels = static_cast<size_t>(count);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(xnn_create_softmax_nc_f32(channels, channels, channels, 0, &op), "create softmax"));
  return AddOperator("softmax", op,
                     xnn_setup_softmax_nc_f32(op, static_cast<size_t>(in.size) / channels,
                                              in.floats(), out.floats(), plan->pool()),
                     plan);
}

absl::Status AddConversion(const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t size = static_cast<size_t>(in.size);
  xnn_operator_t op = nullptr;
  if (out.half) {
    TJ_RETURN_IF_ERROR(XnnStatus(xnn_create_convert_nc_f32_f16(size, size, size, 0, &op),
                                 "create conversion to float16"));
    return AddOperator(
        "conversion to float16", op,
        xnn_setup_convert_nc_f32_f16(op, kFlatBatch, in.floats(), out.data, plan->pool()), plan);
  }
  if (in.half) {
    TJ_RETURN_IF_ERROR(XnnStatus(xnn_create_convert_nc_f16_f32(size, size, size, 0, &op),
                                 "create conversion from float16"));
    return AddOperator(
        "conversion from float16", op,
        xnn_setup_convert_nc_f16_f32(op, kFlatBatch, in.data, out.floats(), plan->pool()), plan);
  }
  if (out.quantized) {
    TJ_RETURN_IF_ERROR(XnnStatus(
        xnn_create_convert_nc_f32_qs8(size, size, size, out.quantization.scale,
                                      out.quantization.zero_point, INT8_MIN, INT8_MAX, 0, &op),
        "create conversion to int8"));
    return AddOperator(
        "conversion to int8", op,
        xnn_setup_convert_nc_f32_qs8(op, kFlatBatch, in.floats(), out.bytes(), plan->pool()), plan);
  }
  TJ_RETURN_IF_ERROR(
      XnnStatus(xnn_create_convert_nc_qs8_f32(size, size, size, in.quantization.scale,
                                              in.quantization.zero_point, 0, &op),
                "create conversion to float32"));
  return AddOperator(
      "conversion to float32", op,
      xnn_setup_convert_nc_qs8_f32(op, kFlatBatch, in.bytes(), out.floats(), plan->pool()), plan);
}

}  // namespace tinyjoule
