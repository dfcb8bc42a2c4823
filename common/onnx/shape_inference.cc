// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/shape_inference.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/operator_rules.h"
#include "common/onnx/sliding_window.h"

namespace tinyjoule {

void NodeOperands::SetOutput(size_t index, ElementType type, Shape shape) const {
  if (index >= outputs.size() || outputs[index] == nullptr) return;
  outputs[index]->type = type;
  outputs[index]->shape = std::move(shape);
}

absl::StatusOr<std::vector<int64_t>> NodeOperands::ConstantInts(size_t index) const {
  if (!Has(index)) return absl::InvalidArgumentError(absl::StrCat("input ", index, " is absent"));
  const GraphValue& value = in(index);
  if (!value.constant) {
    return absl::UnimplementedError(
        absl::StrCat("input ", index, " ('", value.name, "') is not a constant"));
  }
  if (value.type == ElementType::kInt64) {
    return std::vector<int64_t>(value.elements<int64_t>().begin(), value.elements<int64_t>().end());
  }
  if (value.type == ElementType::kInt32) {
    return std::vector<int64_t>(value.elements<int32_t>().begin(), value.elements<int32_t>().end());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("input ", index, " is ", ElementTypeName(value.type), ", not int64"));
}

absl::StatusOr<size_t> NormalAxis(int64_t axis, size_t rank) {
  const int64_t signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return absl::InvalidArgumentError(absl::StrCat("axis ", axis, " of a tensor of rank ", rank));
  }
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

absl::StatusOr<std::vector<size_t>> AxesOf(const NodeOperands& operands, size_t rank) {
  std::vector<int64_t> given = operands.node->Ints("axes", {});
  if (operands.Has(1)) {
    TJ_ASSIGN_OR_RETURN(given, operands.ConstantInts(1));
  }
  std::set<size_t> axes;
  for (const int64_t axis : given) {
    TJ_ASSIGN_OR_RETURN(const size_t normal, NormalAxis(axis, rank));
    if (!axes.insert(normal).second) {
      return absl::InvalidArgumentError(absl::StrCat("axis ", axis, " is given twice"));
    }
  }
  return std::vector<size_t>(axes.begin(), axes.end());
}

namespace {

absl::Status CheckCounts(const NodeOperands& operands, const OperatorRule& rule) {
  const size_t inputs = operands.inputs.size();
  if (inputs < rule.min_inputs || inputs > rule.max_inputs) {
    return absl::InvalidArgumentError(absl::StrCat("it has ", inputs, " inputs"));
  }
  for (size_t i = 0; i < rule.min_inputs; ++i) {
    if (!operands.Has(i)) {
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " is absent"));
    }
  }
  if (operands.outputs.empty() || operands.outputs[0] == nullptr) {
    return absl::InvalidArgumentError("it has no output");
  }
  if (operands.outputs.size() > rule.max_outputs) {
    return absl::UnimplementedError(absl::StrCat("it has ", operands.outputs.size(), " outputs"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InferShapes(const NodeOperands& operands) {
  const OperatorRule* rule = FindOperatorRule(operands.node->op_type);
  if (rule == nullptr) return absl::UnimplementedError("TinyJoule does not know this operator");
  TJ_RETURN_IF_ERROR(CheckCounts(operands, *rule));
  for (const std::string& name : operands.node->AttributeNames()) {
    if (!absl::c_linear_search(rule->attributes, name)) {
      return absl::UnimplementedError(absl::StrCat("attribute '", name, "'"));
    }
  }
  TJ_RETURN_IF_ERROR(rule->infer(operands));
  for (const GraphValue* output : operands.outputs) {
    if (output != nullptr) TJ_RETURN_IF_ERROR(CheckedElementCount(output->shape).status());
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule
