// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Layers, steps of our own, and what all operators share; xnnpack_2022.cc and xnnpack_2024.cc have
// the other operators.
#include "agent/runner/xnnpack_operators.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_compat.h"
#include "agent/runner/xnnpack_step.h"
#include "common/base/status.h"
#include "common/onnx/half_float.h"

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

namespace {

// Element: float, or void, as XNNPACK has it for float16.
template <typename Element>
struct RealWeights {
  const Element* values;
  const Element* bias;
};

template <typename Functions, typename Element>
absl::Status AddRealConvolution(const Functions& functions, const ImageWindow& window,
                                const Groups& groups, RealWeights<Element> weights, Clamp clamp,
                                const Activation& in, const Activation& out, XnnPlan* plan) {
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(
      XnnStatus(XnnCreate(functions, &op, window.pad_top, window.pad_right, window.pad_bottom,
                          window.pad_left, window.kernel_height, window.kernel_width,
                          window.stride_height, window.stride_width, window.dilation_height,
                          window.dilation_width, groups.count, groups.inputs, groups.outputs,
                          groups.count * groups.inputs, groups.count * groups.outputs,
                          weights.values, weights.bias, clamp.low, clamp.high, 0),
                "create convolution"));
  return AddOperator("convolution", op,
                     XnnSetUpImage(functions, op, window, static_cast<const Element*>(in.data),
                                   static_cast<Element*>(out.data), plan),
                     plan);
}

template <typename Functions, typename Element>
absl::Status AddRealDense(const Functions& functions, int64_t rows, int64_t inputs, int64_t outputs,
                          RealWeights<Element> weights, Clamp clamp, const Activation& in,
                          const Activation& out, XnnPlan* plan) {
  const size_t k = static_cast<size_t>(inputs);
  const size_t n = static_cast<size_t>(outputs);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      XnnCreate(functions, &op, k, n, k, n, weights.values, weights.bias, clamp.low, clamp.high, 0),
      "create fully connected layer"));
  return AddOperator(
      "fully connected layer", op,
      XnnSetUpRows(functions, op, static_cast<size_t>(rows), static_cast<const Element*>(in.data),
                   static_cast<Element*>(out.data), plan),
      plan);
}

struct HalfWeights {
  explicit HalfWeights(const FloatWeights& weights)
      : values(weights.values.begin(), weights.values.end()),
        bias(weights.bias.begin(), weights.bias.end()) {}
  RealWeights<void> elements() const { return {values.data(), bias.data()}; }

  std::vector<HalfFloat> values;
  std::vector<HalfFloat> bias;
};

RealWeights<float> ElementsOf(const FloatWeights& weights) {
  return {weights.values.data(), weights.bias.data()};
}

}  // namespace

absl::Status AddConvolution(const ImageWindow& window, const Groups& groups,
                            const FloatWeights& weights, Clamp clamp, const Activation& in,
                            const Activation& out, XnnPlan* plan) {
  if (in.half) {
    return AddRealConvolution(kXnnHalfConvolution, window, groups, HalfWeights(weights).elements(),
                              clamp, in, out, plan);
  }
  return AddRealConvolution(kXnnConvolution, window, groups, ElementsOf(weights), clamp, in, out,
                            plan);
}

namespace {

// `scales`: the one, or where those of the channels lie, as the functions want it.
template <typename Functions, typename Scales>
absl::Status AddInt8Convolution(const Functions& functions, const ImageWindow& window,
                                const Groups& groups, const Int8Weights& weights, Scales scales,
                                Clamp clamp, const Activation& in, const Activation& out,
                                XnnPlan* plan) {
  const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      XnnCreate(functions, &op, window.pad_top, window.pad_right, window.pad_bottom,
                window.pad_left, window.kernel_height, window.kernel_width, window.stride_height,
                window.stride_width, window.dilation_height, window.dilation_width, groups.count,
                groups.inputs, groups.outputs, groups.count * groups.inputs,
                groups.count * groups.outputs, in.quantization.zero_point, in.quantization.scale,
                scales, weights.values.data(), weights.bias.data(), out.quantization.zero_point,
                out.quantization.scale, bounds.low, bounds.high, 0),
      absl::StrCat("create int8 convolution",
                   weights.per_channel() ? " with a scale per channel" : "")));
  return AddOperator("int8 convolution", op,
                     XnnSetUpImage(functions, op, window, in.bytes(), out.bytes(), plan), plan);
}

}  // namespace

absl::Status AddConvolution(const ImageWindow& window, const Groups& groups,
                            const Int8Weights& weights, Clamp clamp, const Activation& in,
                            const Activation& out, XnnPlan* plan) {
  if (weights.per_channel()) {
    return AddInt8Convolution(kXnnPerChannelConvolution, window, groups, weights,
                              weights.scales.data(), clamp, in, out, plan);
  }
  return AddInt8Convolution(kXnnInt8Convolution, window, groups, weights, weights.scales[0], clamp,
                            in, out, plan);
}

absl::Status AddDense(int64_t rows, int64_t inputs, int64_t outputs, const FloatWeights& weights,
                      Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  if (in.half) {
    return AddRealDense(kXnnHalfDense, rows, inputs, outputs, HalfWeights(weights).elements(),
                        clamp, in, out, plan);
  }
  return AddRealDense(kXnnDense, rows, inputs, outputs, ElementsOf(weights), clamp, in, out, plan);
}

absl::Status AddDense(int64_t rows, int64_t inputs, int64_t outputs, const Int8Weights& weights,
                      Clamp clamp, const Activation& in, const Activation& out, XnnPlan* plan) {
  const size_t k = static_cast<size_t>(inputs);
  const size_t n = static_cast<size_t>(outputs);
  if (weights.per_channel()) {
    // XNNPACK of 2022 has no fully connected layer with a scale per channel, but a 1x1 convolution.
    ImageWindow window;
    window.input_width = static_cast<size_t>(rows);
    return AddConvolution(window, Groups{1, k, n}, weights, clamp, in, out, plan);
  }
  const Int8Clamp bounds = QuantizeClamp(clamp, out.quantization);
  xnn_operator_t op = nullptr;
  TJ_RETURN_IF_ERROR(XnnStatus(
      XnnCreate(kXnnInt8Dense, &op, k, n, k, n, in.quantization.zero_point, in.quantization.scale,
                weights.scales[0], weights.values.data(), weights.bias.data(),
                out.quantization.zero_point, out.quantization.scale, bounds.low, bounds.high, 0),
      "create int8 fully connected layer"));
  return AddOperator(
      "int8 fully connected layer", op,
      XnnSetUpRows(kXnnInt8Dense, op, static_cast<size_t>(rows), in.bytes(), out.bytes(), plan),
      plan);
}

void AddTanh(const Activation& in, const Activation& out, XnnPlan* plan) {
  plan->AddStep([in, out] {
    std::transform(in.floats(), in.floats() + in.size, out.floats(),
                   [](float x) { return std::tanh(x); });
  });
}

namespace {

// Rows of `columns` elements to columns of rows.
template <typename T>
void TransposeCopy(const T* in, int64_t rows, int64_t columns, T* out) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      out[column * rows + row] = in[row * columns + column];
    }
  }
}

}  // namespace

void AddRelayout(const Activation& in, const Activation& out, XnnPlan* plan) {
  // One of the two is in ONNX's order; the compiler sees to that.
  const bool to_channels_last = in.channels == 1;
  const int64_t rows = to_channels_last ? out.channels : in.pixels();
  const int64_t columns = in.size / rows;
  plan->AddStep([in, out, rows, columns] {
    if (in.quantized) {
      TransposeCopy(in.bytes(), rows, columns, out.bytes());
    } else if (in.half) {
      TransposeCopy(in.halves(), rows, columns, out.halves());
    } else {
      TransposeCopy(in.floats(), rows, columns, out.floats());
    }
  });
}

}  // namespace tinyjoule
