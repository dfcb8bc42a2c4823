// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_OPERATORS_H_
#define AGENT_RUNNER_XNNPACK_OPERATORS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/runner/xnnpack_plan.h"

namespace tinyjoule {

// XNNPACK's operators, created and set up on their buffers and added to the plan as steps. What
// takes FloatWeights computes in float16 when its activations are, and so do Add, Mul, both
// poolings but the windowed average, and bounds. All give Unimplemented when XNNPACK refuses the
// parameters.

// Bounds of an operator's result: a Relu or Clip behind it, folded in.
struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

// How a convolution or pooling moves over one image, channels last. One-dimensional: height 1.
struct ImageWindow {
  uint32_t pad_top = 0, pad_right = 0, pad_bottom = 0, pad_left = 0;
  uint32_t kernel_height = 1, kernel_width = 1;
  uint32_t stride_height = 1, stride_width = 1;
  uint32_t dilation_height = 1, dilation_width = 1;
  size_t input_height = 1, input_width = 1;

  bool padded() const { return pad_top + pad_right + pad_bottom + pad_left > 0; }
  bool single_tap() const { return kernel_height * kernel_width == 1; }
};

struct Groups {
  uint32_t count = 1;
  size_t inputs = 1;
  size_t outputs = 1;
};

// Weights [outputs, kernel height, kernel width, inputs of the group] and one bias per output.
struct FloatWeights {
  std::vector<float> values;
  std::vector<float> bias;
};

// The same in int8 with zero point 0; one scale, or one per output. Bias in steps of input scale x
// weight scale.
struct Int8Weights {
  std::vector<int8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> bias;
  bool per_channel() const { return scales.size() > 1; }
};

[[nodiscard]] absl::Status AddConvolution(const ImageWindow& window, const Groups& groups,
                                          const FloatWeights& weights, Clamp clamp,
                                          const Activation& in, const Activation& out,
                                          XnnPlan* plan);
[[nodiscard]] absl::Status AddConvolution(const ImageWindow& window, const Groups& groups,
                                          const Int8Weights& weights, Clamp clamp,
                                          const Activation& in, const Activation& out,
                                          XnnPlan* plan);

// `rows` times `inputs` values to `outputs` values; weights [outputs, inputs].
[[nodiscard]] absl::Status AddDense(int64_t rows, int64_t inputs, int64_t outputs,
                                    const FloatWeights& weights, Clamp clamp, const Activation& in,
                                    const Activation& out, XnnPlan* plan);
[[nodiscard]] absl::Status AddDense(int64_t rows, int64_t inputs, int64_t outputs,
                                    const Int8Weights& weights, Clamp clamp, const Activation& in,
                                    const Activation& out, XnnPlan* plan);

// Float32, or int8 with one quantisation for both.
[[nodiscard]] absl::Status AddMaxPool(const ImageWindow& window, int64_t channel_count, Clamp clamp,
                                      const Activation& in, const Activation& out, XnnPlan* plan);
// Float32; padding does not count.
[[nodiscard]] absl::Status AddAveragePool(const ImageWindow& window, int64_t channel_count,
                                          Clamp clamp, const Activation& in, const Activation& out,
                                          XnnPlan* plan);
// Over all pixels; float32 or int8.
[[nodiscard]] absl::Status AddGlobalAverage(int64_t channel_count, Clamp clamp,
                                            const Activation& in, const Activation& out,
                                            XnnPlan* plan);

// Add, Sub, Mul, Div of float32, or Add of int8; equal sizes and layouts.
[[nodiscard]] absl::Status AddBinary(const std::string& op_type, Clamp clamp, const Activation& a,
                                     const Activation& b, const Activation& out, XnnPlan* plan);
// Float32, or int8 with one quantisation for both.
[[nodiscard]] absl::Status AddClamp(Clamp clamp, const Activation& in, const Activation& out,
                                    XnnPlan* plan);
// Abs, LeakyRelu (with its slope), Neg, Sigmoid, Sqrt, Tanh of float32.
[[nodiscard]] absl::Status AddUnary(const std::string& op_type, float slope, const Activation& in,
                                    const Activation& out, XnnPlan* plan);
// Over lines of `count` values, of float32.
[[nodiscard]] absl::Status AddSoftmax(int64_t count, const Activation& in, const Activation& out,
                                      XnnPlan* plan);

// Between float32 and int8, or float32 and float16, as the two say.
[[nodiscard]] absl::Status AddConversion(const Activation& in, const Activation& out,
                                         XnnPlan* plan);
// Into the layout of `out`.
void AddRelayout(const Activation& in, const Activation& out, XnnPlan* plan);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_OPERATORS_H_
