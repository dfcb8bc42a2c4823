// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_COMPAT_H_
#define AGENT_RUNNER_XNNPACK_COMPAT_H_

#include <xnnpack.h>

#include <cstddef>
#include <type_traits>

#include "agent/runner/xnnpack_operators.h"
#include "agent/runner/xnnpack_plan.h"

namespace tinyjoule {

// Layers on both releases of XNNPACK that Debian has. That of 2022 creates an operator and sets it
// up. That of 2024 also takes caches when it creates, which we do not share between operators, and
// reshapes the operator to its sizes before it is set up on its buffers. CMake looks which it is.

// The functions of one operator; no Reshape in 2022.
template <typename Create, typename Reshape, typename SetUp>
struct XnnFunctions {
  Create create;
  Reshape reshape;
  SetUp set_up;

  static constexpr bool kReshapes = !std::is_null_pointer_v<Reshape>;
};
template <typename Create, typename Reshape, typename SetUp>
XnnFunctions(Create, Reshape, SetUp) -> XnnFunctions<Create, Reshape, SetUp>;

#if TINYJOULE_XNNPACK_RESHAPES
inline constexpr XnnFunctions kXnnConvolution{xnn_create_convolution2d_nhwc_f32,
                                              xnn_reshape_convolution2d_nhwc_f32,
                                              xnn_setup_convolution2d_nhwc_f32};
inline constexpr XnnFunctions kXnnHalfConvolution{xnn_create_convolution2d_nhwc_f16,
                                                  xnn_reshape_convolution2d_nhwc_f16,
                                                  xnn_setup_convolution2d_nhwc_f16};
inline constexpr XnnFunctions kXnnInt8Convolution{xnn_create_convolution2d_nhwc_qs8,
                                                  xnn_reshape_convolution2d_nhwc_qs8,
                                                  xnn_setup_convolution2d_nhwc_qs8};
inline constexpr XnnFunctions kXnnPerChannelConvolution{xnn_create_convolution2d_nhwc_qs8_qc8w,
                                                        xnn_reshape_convolution2d_nhwc_qs8_qc8w,
                                                        xnn_setup_convolution2d_nhwc_qs8_qc8w};
inline constexpr XnnFunctions kXnnDense{xnn_create_fully_connected_nc_f32,
                                        xnn_reshape_fully_connected_nc_f32,
                                        xnn_setup_fully_connected_nc_f32};
inline constexpr XnnFunctions kXnnHalfDense{xnn_create_fully_connected_nc_f16,
                                            xnn_reshape_fully_connected_nc_f16,
                                            xnn_setup_fully_connected_nc_f16};
inline constexpr XnnFunctions kXnnInt8Dense{xnn_create_fully_connected_nc_qs8,
                                            xnn_reshape_fully_connected_nc_qs8,
                                            xnn_setup_fully_connected_nc_qs8};
#else
inline constexpr XnnFunctions kXnnConvolution{xnn_create_convolution2d_nhwc_f32, nullptr,
                                              xnn_setup_convolution2d_nhwc_f32};
inline constexpr XnnFunctions kXnnHalfConvolution{xnn_create_convolution2d_nhwc_f16, nullptr,
                                                  xnn_setup_convolution2d_nhwc_f16};
inline constexpr XnnFunctions kXnnInt8Convolution{xnn_create_convolution2d_nhwc_qs8, nullptr,
                                                  xnn_setup_convolution2d_nhwc_qs8};
inline constexpr XnnFunctions kXnnPerChannelConvolution{xnn_create_convolution2d_nhwc_qc8, nullptr,
                                                        xnn_setup_convolution2d_nhwc_qc8};
inline constexpr XnnFunctions kXnnDense{xnn_create_fully_connected_nc_f32, nullptr,
                                        xnn_setup_fully_connected_nc_f32};
inline constexpr XnnFunctions kXnnHalfDense{xnn_create_fully_connected_nc_f16, nullptr,
                                            xnn_setup_fully_connected_nc_f16};
inline constexpr XnnFunctions kXnnInt8Dense{xnn_create_fully_connected_nc_qs8, nullptr,
                                            xnn_setup_fully_connected_nc_qs8};
#endif

// What reshaping an operator over an image tells.
struct XnnImageSizes {
  size_t workspace = 0;
  size_t alignment = 1;
  size_t output_height = 0;
  size_t output_width = 0;
};

// `parameters` are those of the create function up to its flags.
template <typename Functions, typename... Parameters>
xnn_status XnnCreate(const Functions& functions, xnn_operator_t* op, Parameters... parameters) {
  if constexpr (Functions::kReshapes) {
    return functions.create(parameters..., nullptr, nullptr, op);
  } else {
    return functions.create(parameters..., op);
  }
}

// Over one image.
template <typename Functions, typename Element>
xnn_status XnnSetUpImage(const Functions& functions, xnn_operator_t op, const ImageWindow& window,
                         const Element* in, Element* out, XnnPlan* plan) {
  const size_t height = window.input_height;
  const size_t width = window.input_width;
  if constexpr (Functions::kReshapes) {
    XnnImageSizes sizes;
    const xnn_status status =
        functions.reshape(op, 1, height, width, &sizes.workspace, &sizes.alignment,
                          &sizes.output_height, &sizes.output_width, plan->pool());
    if (status != xnn_status_success) return status;
    return functions.set_up(op, plan->NewWorkspace(sizes.workspace), in, out);
  } else {
    return functions.set_up(op, 1, height, width, in, out, plan->pool());
  }
}

// Over `rows` of values.
template <typename Functions, typename Element>
xnn_status XnnSetUpRows(const Functions& functions, xnn_operator_t op, size_t rows,
                        const Element* in, Element* out, XnnPlan* plan) {
  if constexpr (Functions::kReshapes) {
    const xnn_status status = functions.reshape(op, rows, plan->pool());
    return status == xnn_status_success ? functions.set_up(op, in, out) : status;
  } else {
    return functions.set_up(op, rows, in, out, plan->pool());
  }
}

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_COMPAT_H_
