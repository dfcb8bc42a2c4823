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
#include "agent/runner/xnnpack_options.h"
#include "agent/runner/xnnpack_plan.h"
#include "agent/runner/xnnpack_weights.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// Turns a graph into the steps of an XnnPlan: one fused operator after another, in topological
// order. What DequantizeLinear gives stays int8 in memory until an operator reads it as float32:
// those that XNNPACK has in float32 only run as the graph says, between conversions. Float32 layers
// of many zeros can be computed by sparse_layers.h instead. A model without int8 activations can be
// computed in float16, between conversions again where XNNPACK has no such operator.
class XnnCompiler {
 public:
  // Both must live as long as Compile runs.
  XnnCompiler(const OnnxGraph& graph, XnnOptions options, XnnPlan* plan);

  // InvalidArgument, Unimplemented: with the node that stops it. Call once.
  [[nodiscard]] absl::Status Compile();

  // After Compile: where the model's input and output lie, in ONNX's order; float32, or int8 when
  // the graph's are.
  const Activation& input() const { return input_; }
  const Activation& output() const { return output_; }
  // Convolutions, Gemms and MatMuls, and those of them that are sparse, and that are in float16.
  int layers() const { return layers_; }
  int sparse_layers() const { return sparse_layers_; }
  int half_layers() const { return half_layers_; }

 private:
  // Whether the node only says what stored weights stand for.
  bool ReadsStoredConstant(const GraphNode& node) const;

  // The operand as it lies in memory; the same, but float32 when its steps are found in each
  // inference; as float32, as float16, as int8, as the operator wants it.
  absl::StatusOr<Activation> RawOperand(int value);
  absl::StatusOr<Activation> AnyOperand(int value);
  absl::StatusOr<Activation> FloatOperand(int value);
  absl::StatusOr<Activation> HalfOperand(int value);
  absl::StatusOr<Activation> Int8Operand(int value);
  absl::StatusOr<Activation> Operand(const FusedNodes& fused, size_t index);
  // Real values that lie in int8 or float16 as float32, converted once for all that read them.
  absl::StatusOr<Activation> Converted(int value, const Activation& known);
  // Whether the operator reads real values whose steps are found in each inference.
  bool ReadsDynamic(const FusedNodes& fused) const;
  // Whether the operator is computed in float16.
  bool IsHalf(const FusedNodes& fused) const;
  // Elements as those of `form`.
  Activation NewLike(const Activation& form, int64_t size, int64_t channels);
  // The same elements in another layout.
  Activation InLayout(const Activation& activation, int64_t channels);
  // A new activation for the operator's result.
  absl::StatusOr<Activation> NewResult(const FusedNodes& fused, int64_t channels);
  // One value per element of `like`, from a constant.
  absl::StatusOr<Activation> ConstantOperand(int value, const Shape& shape, const Activation& like);

  absl::StatusOr<Activation> Emit(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitConv(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitFloatConv(const FusedNodes& fused, const ImageWindow& window,
                                           const Groups& groups);
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
  absl::StatusOr<Activation> EmitDequantize(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitQuantize(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitDynamicQuantize(const FusedNodes& fused);
  absl::StatusOr<Activation> EmitDynamicConv(const FusedNodes& fused, const ImageWindow& window,
                                             const Groups& groups);
  absl::StatusOr<Activation> EmitDynamicDense(const FusedNodes& fused, const DenseShape& shape);

  // `pays` when sparse layers are made where they pay. Counts the layer.
  bool TakesSparse(bool pays);

  const Shape& ShapeOf(int value) const { return graph_.value(value).shape; }

  const OnnxGraph& graph_;
  const SparseLayers sparse_;
  const bool half_;
  XnnPlan& plan_;
  // By value of the graph.
  std::vector<std::optional<Activation>> activations_;
  // The float32 and the float16 form of those in another that an operator has read so.
  std::vector<std::optional<Activation>> converted_;
  std::vector<std::optional<Activation>> halves_;
  Activation input_;
  Activation output_;
  int layers_ = 0;
  int sparse_layers_ = 0;
  int half_layers_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_COMPILER_H_
