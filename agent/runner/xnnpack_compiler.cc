// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_compiler.h"

#include <map>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_dynamic.h"
#include "agent/runner/xnnpack_weights.h"
#include "common/base/status.h"

// How values are found, converted and laid out; emit_*.cc has the operators.

namespace tinyjoule {
namespace {

// Both releases of XNNPACK have these in float16. Max pooling and bounds keep the form that they
// find.
bool HasHalfForm(const GraphNode& core) {
  static constexpr const char* kOperators[] = {
      "Add", "BatchNormalization", "Conv", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "MatMul",
      "Mul", "ReduceMean"};
  return absl::c_linear_search(kOperators, core.op_type);
}

// Whether activations are int8: known before, or found in each inference.
bool QuantizesActivations(const OnnxGraph& graph) {
  return absl::c_any_of(graph.nodes(), [](const GraphNode& node) {
    return node.op_type == "QuantizeLinear" || node.op_type == "DynamicQuantizeLinear";
  });
}

}  // namespace

XnnCompiler::XnnCompiler(const OnnxGraph& graph, XnnOptions options, XnnPlan* plan)
    : graph_(graph),
      sparse_(options.sparse),
      half_(options.half && !QuantizesActivations(graph)),
      plan_(*plan),
      activations_(graph.values().size()),
      converted_(graph.values().size()),
      halves_(graph.values().size()) {}

bool XnnCompiler::ReadsStoredConstant(const GraphNode& node) const {
  const bool reads = node.op_type == "DequantizeLinear" || node.op_type == "Cast";
  return reads && graph_.value(node.inputs[0]).constant;
}

absl::Status XnnCompiler::Compile() {
  const GraphValue& input = graph_.value(graph_.input());
  // The steps of int8 stand for what the DequantizeLinear behind says.
  input_ = input.type == ElementType::kInt8 ? plan_.NewQuantizedActivation(input.size(), 1, {})
                                            : plan_.NewActivation(input.size(), 1);
  activations_[static_cast<size_t>(graph_.input())] = input_;
  for (const GraphNode& node : graph_.nodes()) {
    if (ReadsStoredConstant(node) || IsFoldedIntoReader(graph_, node)) continue;
    const FusedNodes fused = FuseNodesEndingAt(graph_, node);
    absl::StatusOr<Activation> result = Emit(fused);
    if (!result.ok()) return Annotate(result.status(), fused.core->Describe());
    activations_[static_cast<size_t>(fused.result)] = *result;
  }
  const bool int8_output = graph_.value(graph_.output()).type == ElementType::kInt8;
  TJ_ASSIGN_OR_RETURN(const Activation result,
                      int8_output ? Int8Operand(graph_.output()) : FloatOperand(graph_.output()));
  output_ = InLayout(result, 1);
  return absl::OkStatus();
}

absl::StatusOr<Activation> XnnCompiler::RawOperand(int value) {
  if (value < 0) return absl::InvalidArgumentError("an operand is absent");
  const std::optional<Activation>& known = activations_[static_cast<size_t>(value)];
  if (known.has_value()) return *known;
  return absl::UnimplementedError(
      absl::StrCat("'", graph_.value(value).name, "' is a constant where XNNPACK takes none"));
}

absl::StatusOr<Activation> XnnCompiler::AnyOperand(int value) {
  TJ_ASSIGN_OR_RETURN(const Activation known, RawOperand(value));
  return known.dynamic == nullptr ? known : Converted(value, known);
}

absl::StatusOr<Activation> XnnCompiler::FloatOperand(int value) {
  TJ_ASSIGN_OR_RETURN(const Activation known, RawOperand(value));
  return known.quantized || known.half ? Converted(value, known) : known;
}

absl::StatusOr<Activation> XnnCompiler::HalfOperand(int value) {
  TJ_ASSIGN_OR_RETURN(const Activation known, RawOperand(value));
  if (known.half) return known;
  std::optional<Activation>& half = halves_[static_cast<size_t>(value)];
  if (half.has_value()) return *half;
  TJ_ASSIGN_OR_RETURN(const Activation real, FloatOperand(value));
  half = plan_.NewHalfActivation(real.size, real.channels);
  TJ_RETURN_IF_ERROR(AddConversion(real, *half, &plan_));
  return *half;
}

absl::StatusOr<Activation> XnnCompiler::Converted(int value, const Activation& known) {
  if (known.quantized && !known.stands_for_real) {
    return absl::UnimplementedError(
        absl::StrCat("'", graph_.value(value).name, "' is int8 and no DequantizeLinear is behind"));
  }
  std::optional<Activation>& converted = converted_[static_cast<size_t>(value)];
  if (converted.has_value()) return *converted;
  converted = plan_.NewActivation(known.size, known.channels);
  if (known.dynamic != nullptr) {
    AddDynamicDequantization(known, *converted, &plan_);
  } else {
    TJ_RETURN_IF_ERROR(AddConversion(known, *converted, &plan_));
  }
  return *converted;
}

bool XnnCompiler::ReadsDynamic(const FusedNodes& fused) const {
  const std::optional<Activation>& known = activations_[static_cast<size_t>(fused.core->input(0))];
  return known.has_value() && known->dynamic != nullptr && known->stands_for_real;
}

absl::StatusOr<Activation> XnnCompiler::Int8Operand(int value) {
  TJ_ASSIGN_OR_RETURN(const Activation known, RawOperand(value));
  if (known.quantized) return known;
  return absl::UnimplementedError(
      absl::StrCat("'", graph_.value(value).name, "' is not int8 as the operator behind needs"));
}

absl::StatusOr<Activation> XnnCompiler::Operand(const FusedNodes& fused, size_t index) {
  const int value = fused.core->input(index);
  if (fused.quantize != nullptr) return Int8Operand(value);
  return IsHalf(fused) ? HalfOperand(value) : FloatOperand(value);
}

bool XnnCompiler::IsHalf(const FusedNodes& fused) const {
  return half_ && HasHalfForm(*fused.core);
}

Activation XnnCompiler::NewLike(const Activation& form, int64_t size, int64_t channels) {
  if (form.half) return plan_.NewHalfActivation(size, channels);
  if (!form.quantized) return plan_.NewActivation(size, channels);
  Activation result = plan_.NewQuantizedActivation(size, channels, form.quantization);
  result.stands_for_real = form.stands_for_real;
  return result;
}

Activation XnnCompiler::InLayout(const Activation& activation, int64_t channels) {
  if (channels == activation.size) channels = 1;
  if (activation.channels == channels) return activation;
  if (activation.channels != 1 && channels != 1) {
    return InLayout(InLayout(activation, 1), channels);
  }
  Activation result = NewLike(activation, activation.size, channels);
  result.dynamic = activation.dynamic;
  AddRelayout(activation, result, &plan_);
  return result;
}

absl::StatusOr<Activation> XnnCompiler::NewResult(const FusedNodes& fused, int64_t channels) {
  const int64_t size = graph_.value(fused.result).size();
  if (size == 0) return absl::UnimplementedError("an empty result");
  if (IsHalf(fused)) return plan_.NewHalfActivation(size, channels);
  if (fused.quantize == nullptr) return plan_.NewActivation(size, channels);
  TJ_ASSIGN_OR_RETURN(const Quantization quantization, QuantizationOf(graph_, *fused.quantize));
  return plan_.NewQuantizedActivation(size, channels, quantization);
}

bool XnnCompiler::TakesSparse(bool pays) {
  const bool taken =
      sparse_ == SparseLayers::kAlways || (sparse_ == SparseLayers::kWherePaid && pays);
  if (taken) ++sparse_layers_;
  return taken;
}

absl::StatusOr<Activation> XnnCompiler::Emit(const FusedNodes& fused) {
  using Emitter = absl::StatusOr<Activation> (XnnCompiler::*)(const FusedNodes&);
  static const auto* const emitters = new std::map<std::string, Emitter>{
      {"Abs", &XnnCompiler::EmitUnary},
      {"Add", &XnnCompiler::EmitBinary},
      {"AveragePool", &XnnCompiler::EmitPool},
      {"BatchNormalization", &XnnCompiler::EmitNormalization},
      {"Clip", &XnnCompiler::EmitClamp},
      {"Conv", &XnnCompiler::EmitConv},
      {"DequantizeLinear", &XnnCompiler::EmitDequantize},
      {"Div", &XnnCompiler::EmitBinary},
      {"Dropout", &XnnCompiler::EmitView},
      {"DynamicQuantizeLinear", &XnnCompiler::EmitDynamicQuantize},
      {"Flatten", &XnnCompiler::EmitView},
      {"Gemm", &XnnCompiler::EmitDense},
      {"GlobalAveragePool", &XnnCompiler::EmitGlobalPool},
      {"GlobalMaxPool", &XnnCompiler::EmitGlobalPool},
      {"Identity", &XnnCompiler::EmitView},
      {"LeakyRelu", &XnnCompiler::EmitUnary},
      {"MatMul", &XnnCompiler::EmitDense},
      {"MaxPool", &XnnCompiler::EmitPool},
      {"Mul", &XnnCompiler::EmitBinary},
      {"Neg", &XnnCompiler::EmitUnary},
      {"QuantizeLinear", &XnnCompiler::EmitQuantize},
      {"ReduceMean", &XnnCompiler::EmitReduceMean},
      {"Relu", &XnnCompiler::EmitClamp},
      {"Reshape", &XnnCompiler::EmitView},
      {"Sigmoid", &XnnCompiler::EmitUnary},
      {"Softmax", &XnnCompiler::EmitSoftmax},
      {"Sqrt", &XnnCompiler::EmitUnary},
      {"Squeeze", &XnnCompiler::EmitView},
      {"Sub", &XnnCompiler::EmitBinary},
      {"Tanh", &XnnCompiler::EmitUnary},
      {"Transpose", &XnnCompiler::EmitTranspose},
      {"Unsqueeze", &XnnCompiler::EmitView},
  };
  const auto emitter = emitters->find(fused.core->op_type);
  if (emitter != emitters->end()) return (this->*emitter->second)(fused);
  return absl::UnimplementedError("the xnnpack engine has no such operator");
}

}  // namespace tinyjoule
