// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_DYNAMIC_H_
#define AGENT_RUNNER_XNNPACK_DYNAMIC_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "agent/runner/xnnpack_operators.h"
#include "agent/runner/xnnpack_plan.h"

namespace tinyjoule {

// Layers over int8 activations whose range is found in each inference: loops of our own, on one
// thread, because XNNPACK takes int8 with a range that is known at load only.

// Int8 weights as Int8Weights has them; the bias is float32, and there is a scale for each output.
struct DynamicWeights {
  std::vector<int8_t> values;
  std::vector<float> scales;
  std::vector<float> bias;
};

// From float32 to steps of the values' own range, which go into out.dynamic, and back.
void AddDynamicQuantization(const Activation& in, const Activation& out, XnnPlan* plan);
void AddDynamicDequantization(const Activation& in, const Activation& out, XnnPlan* plan);

// From such steps to float32. `rows` times `inputs` values to as many outputs as there are scales.
void AddDynamicDense(int64_t rows, int64_t inputs, const DynamicWeights& weights, Clamp clamp,
                     const Activation& in, const Activation& out, XnnPlan* plan);
// Unimplemented: dilations, and groups that are neither one nor depthwise.
[[nodiscard]] absl::Status AddDynamicConvolution(const ImageWindow& window, const Groups& groups,
                                                 const DynamicWeights& weights, Clamp clamp,
                                                 const Activation& in, const Activation& out,
                                                 XnnPlan* plan);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_DYNAMIC_H_
