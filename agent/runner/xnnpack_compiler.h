// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_COMPILER_H_
#define AGENT_RUNNER_XNNPACK_COMPILER_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/runner/xnnpack_fusion.h"
#include "agent/runner/xnnpack_operators.h"
#include "agent/runner/xnnpack_plan.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// Turns a graph into the steps of an XnnPlan: one fused operator after another, in topological
// order. A dequantised activation becomes float32 only when an operator reads it as such; operators
// that XNNPACK has in float32 only run as the graph says, between conversions.
class XnnCompiler {
 public:
  // Both must live as long as Compile runs.
  XnnCompiler(const OnnxGraph& graph, XnnPlan* plan);

  // InvalidArgument, Unimplemented: with the node that stops it. Call once.
  [[nodiscard]] absl::Status Compile();

  // After Compile: where the model's input and output lie, in ONNX's order, float32.
  const Activation& input() const { return input_; }
  const Activation& output() const { return output_; }

 private:
  // The operand as the operator wants it: float32 or as it is, and in a given layout.
  absl::StatusOr<Activation> FloatOperand(int value);
  absl::StatusOr<Activation> Int8Operand(int value);
  absl::StatusOr<Activation> Operand(const FusedNodes& fused, size_t index);
  Activation InLayout(const Activation& activation, int64_t channels);
  // A new activation for the operator's result.
  absl::StatusOr<Activation> NewResult(const FusedNodes& fused, int64_t channels);
  // One value per element of an activation of `channels` channels, from a constant.
  absl::StatusOr<Activation> ConstantOperand(int value, const Shape& shape, int64_t channels);

  absl::StatusOr<Activation> Emit(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitConv(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitDense(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitPool(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitGlobalPool(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitReduceMean(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitNormalization(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitBinary(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitClamp(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitUnary(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitSoftmax(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitView(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitTranspose(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitQuantize(const FusedNodes& fused);

  const Shape& ShapeOf(int value) const { return graph_.value(value).shape; }

  const OnnxGraph& graph_;
  XnnPlan& plan_;
  // By value of the graph.
  std::vector<std::optional<Activation>> activations_;
  Activation input_;
  Activation output_;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_COMPILER_H_
