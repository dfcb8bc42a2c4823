// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_compiler.h"
#include "agent/runner/xnnpack_weights.h"
#include "common/base/status.h"
#include "common/onnx/half_float.h"
#include "common/reference/reference_kernels.h"

// Layers, element-wise operators and changes of shape.

namespace tinyjoule {

absl::StatusOr<Activation> XnnCompiler::EmitDense(const FusedNodes& fused) {
  ++layers_;
  TJ_ASSIGN_OR_RETURN(const DenseShape shape, DenseShapeOf(graph_, *fused.core));
  if (ReadsDynamic(fused)) return EmitDynamicDense(fused, shape);
  TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 0));
  // The weights follow the order of one row; several rows lie one behind another.
  const Activation in = shape.rows == 1 ? operand : InLayout(operand, 1);
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, 1));
  if (fused.quantize != nullptr) {
    TJ_ASSIGN_OR_RETURN(const Int8Weights weights,
                        Int8DenseWeights(graph_, fused, in.channels, in.quantization.scale));
    TJ_RETURN_IF_ERROR(
        AddDense(shape.rows, shape.inputs, shape.outputs, weights, fused.clamp, in, out, &plan_));
    return out;
  }
  half_layers_ += in.half;
  TJ_ASSIGN_OR_RETURN(const FloatWeights weights, DenseWeights(graph_, fused, in.channels));
  if (TakesSparse(PaysSparseDense(weights, BestSparseKernels()))) {
    AddSparseDense(shape.rows, shape.inputs, weights, fused.clamp, in, out, &plan_);
    return out;
  }
  TJ_RETURN_IF_ERROR(
      AddDense(shape.rows, shape.inputs, shape.outputs, weights, fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::ConstantOperand(int value, const Shape& shape,
                                                        const Activation& like) {
  TJ_ASSIGN_OR_RETURN(const std::vector<float> values, ConstantFloats(graph_, value));
  const Activation constant = NewLike(like, ElementCount(shape), like.channels);
  StridedLoop loop(shape);
  loop.AddBroadcast(ShapeOf(value));
  loop.Run([&](int64_t index, const auto& offsets) {
    const int64_t pixels = constant.pixels();
    const int64_t place = index % pixels * constant.channels + index / pixels;
    const float element = values[static_cast<size_t>(offsets[0])];
    if (constant.half) {
      constant.halves()[place] = HalfFloat(element).bits;
    } else {
      constant.floats()[place] = element;
    }
  });
  return constant;
}

absl::StatusOr<Activation> XnnCompiler::EmitBinary(const FusedNodes& fused) {
  const int a = fused.core->inputs[0];
  const int b = fused.core->inputs[1];
  const Shape& shape = ShapeOf(fused.result);
  const bool a_constant = ConstantFloats(graph_, a).ok();
  const bool b_constant = ConstantFloats(graph_, b).ok();
  for (const int value : {a, b}) {
    if (!(value == a ? a_constant : b_constant) &&
        graph_.value(value).size() != ElementCount(shape)) {
      return absl::UnimplementedError("an activation that is broadcast");
    }
  }
  if (a_constant && b_constant) return absl::UnimplementedError("two constants");
  TJ_ASSIGN_OR_RETURN(const Activation first, Operand(fused, a_constant ? 1 : 0));
  Activation second;
  if (a_constant || b_constant) {
    TJ_ASSIGN_OR_RETURN(second, ConstantOperand(a_constant ? a : b, shape, first));
  } else {
    TJ_ASSIGN_OR_RETURN(const Activation operand, Operand(fused, 1));
    second = InLayout(operand, first.channels);
  }
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, first.channels));
  const Activation& left = a_constant ? second : first;
  const Activation& right = a_constant ? first : second;
  TJ_RETURN_IF_ERROR(AddBinary(fused.core->op_type, fused.clamp, left, right, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitClamp(const FusedNodes& fused) {
  for (size_t i = 1; i < fused.core->inputs.size(); ++i) {
    const int bound = fused.core->input(i);
    if (bound >= 0 && !graph_.value(bound).constant) {
      return absl::UnimplementedError("bounds that are not constants");
    }
  }
  TJ_ASSIGN_OR_RETURN(Activation in, AnyOperand(fused.core->inputs[0]));
  // 0 is a step of every quantisation, other bounds need not be.
  const bool exact_in_int8 = fused.clamp.low == 0 && std::isinf(fused.clamp.high);
  if (in.quantized && !exact_in_int8) {
    TJ_ASSIGN_OR_RETURN(in, FloatOperand(fused.core->inputs[0]));
  }
  const Activation out = NewLike(in, in.size, in.channels);
  TJ_RETURN_IF_ERROR(AddClamp(fused.clamp, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitUnary(const FusedNodes& fused) {
  TJ_ASSIGN_OR_RETURN(const Activation in, Operand(fused, 0));
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, in.channels));
  const float slope = fused.core->Float("alpha", 0.01f);
  TJ_RETURN_IF_ERROR(AddUnary(fused.core->op_type, slope, in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitSoftmax(const FusedNodes& fused) {
  const Shape& shape = ShapeOf(fused.core->inputs[0]);
  const int64_t rank = static_cast<int64_t>(shape.size());
  const int64_t axis = fused.core->Int("axis", -1);
  const auto behind = shape.begin() + (axis < 0 ? axis + rank : axis) + 1;
  if (std::any_of(behind, shape.end(), [](int64_t dim) { return dim != 1; })) {
    return absl::UnimplementedError("an axis that is not the last");
  }
  TJ_ASSIGN_OR_RETURN(const Activation operand, FloatOperand(fused.core->inputs[0]));
  const Activation in = InLayout(operand, 1);
  TJ_ASSIGN_OR_RETURN(const Activation out, NewResult(fused, 1));
  TJ_RETURN_IF_ERROR(AddSoftmax(*(behind - 1), in, out, &plan_));
  return out;
}

absl::StatusOr<Activation> XnnCompiler::EmitView(const FusedNodes& fused) {
  // The order of the elements stays, in ONNX's view and so in memory.
  return AnyOperand(fused.core->inputs[0]);
}

absl::StatusOr<Activation> XnnCompiler::EmitTranspose(const FusedNodes& fused) {
  TJ_ASSIGN_OR_RETURN(const Activation operand, AnyOperand(fused.core->inputs[0]));
  const Shape& shape = ShapeOf(fused.core->inputs[0]);
  Shape order(shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = fused.core->Ints("perm", order);
  // Dimensions of 1 do not move anything.
  order.erase(std::remove_if(order.begin(), order.end(),
                             [&](int64_t axis) { return shape[static_cast<size_t>(axis)] == 1; }),
              order.end());
  if (std::is_sorted(order.begin(), order.end())) return operand;
  const auto wrap = std::is_sorted_until(order.begin(), order.end());
  const bool is_rotation = std::is_sorted(wrap, order.end()) && order.back() < order.front();
  if (!is_rotation) return absl::UnimplementedError("a permutation that is no rotation");
  // A matrix of rows x columns becomes columns x rows: in memory, only another reading.
  int64_t columns = 1;
  for (auto axis = order.begin(); axis != wrap; ++axis) {
    columns *= shape[static_cast<size_t>(*axis)];
  }
  const int64_t rows = operand.size / columns;
  Activation result = operand.channels == rows ? operand : InLayout(operand, 1);
  result.channels = operand.channels == rows ? 1 : columns;
  return result;
}

absl::StatusOr<Activation> XnnCompiler::EmitDequantize(const FusedNodes& fused) {
  TJ_ASSIGN_OR_RETURN(Activation steps, Int8Operand(fused.core->inputs[0]));
  steps.stands_for_real = true;
  if (steps.dynamic != nullptr) {
    const GraphNode& maker = *ProducerOf(graph_, fused.core->inputs[0]);
    const bool own_steps =
        fused.core->input(1) == maker.outputs[1] && fused.core->input(2) == maker.outputs[2];
    if (own_steps) return steps;
    return absl::UnimplementedError("other steps than those of its DynamicQuantizeLinear");
  }
  TJ_ASSIGN_OR_RETURN(steps.quantization, QuantizationOf(graph_, *fused.core));
  return steps;
}

absl::StatusOr<Activation> XnnCompiler::EmitQuantize(const FusedNodes& fused) {
  TJ_ASSIGN_OR_RETURN(const Quantization quantization, QuantizationOf(graph_, *fused.core));
  TJ_ASSIGN_OR_RETURN(Activation steps, AnyOperand(fused.core->inputs[0]));
  if (steps.quantized && steps.quantization == quantization) {
    // Dequantised, moved, quantised again: the same steps.
    steps.stands_for_real = false;
    return steps;
  }
  TJ_ASSIGN_OR_RETURN(const Activation in, FloatOperand(fused.core->inputs[0]));
  const Activation out = plan_.NewQuantizedActivation(in.size, in.channels, quantization);
  TJ_RETURN_IF_ERROR(AddConversion(in, out, &plan_));
  return out;
}

}  // namespace tinyjoule
