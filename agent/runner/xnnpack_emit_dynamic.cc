// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_compiler.h"
#include "agent/runner/xnnpack_dynamic.h"
#include "agent/runner/xnnpack_weights.h"
#include "common/base/status.h"

// Layers over activations that are quantised at run time.

namespace tinyjoule {

absl::StatusOr<Activation> XnnCompiler::EmitDynamicQuantize(const FusedNodes& fused) {
  TJ_ASSIGN_OR_RETURN(const Activation in, FloatOperand(fused.core->inputs[0]));
  const Activation out = plan_.NewDynamicActivation(in.size, in.channels);
  AddDynamicQuantization(in, out, &plan_);
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitDynamicConv(const FusedNodes& fused,
                                                        const ImageWindow& window,
                                                        const Groups& groups) {
  TJ_ASSIGN_OR_RETURN(const Activation operand, RawOperand(fused.core->inputs[0]));
  TJ_ASSIGN_OR_RETURN(const DynamicWeights weights, DynamicConvolutionWeights(graph_, fused));
  const Activation in = InLayout(operand, ShapeOf(fused.core->inputs[0])[1]);
  TJ_ASSIGN_OR_RETURN(const Activation out,
                      NewResult(fused, static_cast<int64_t>(weights.scales.size())));
  TJ_RETURN_IF_ERROR(AddDynamicConvolution(window, groups, weights, fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitDynamicDense(const FusedNodes& fused,
                                                         const DenseShape& shape) {
  TJ_ASSIGN_OR_RETURN(const Activation operand, RawOperand(fused.core->inputs[0]));
  const Activation in = shape.rows == 1 ? operand : InLayout(operand, 1);
  TJ_ASSIGN_OR_RETURN(const DynamicWeights weights,
                      DynamicDenseWeights(graph_, fused, in.channels));
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, 1));
  AddDynamicDense(shape.rows, shape.inputs, weights, fused.clamp, in, out, &plan_);
  return out;
}

}  // namespace tinyjoule
