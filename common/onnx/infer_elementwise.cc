// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/operator_rules.h"

namespace tinyjoule {
namespace {

absl::Status CheckType(const NodeOperands& operands, size_t index, ElementType type) {
  if (!operands.Has(index) || operands.in(index).type == type) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input ", index, " is ",
                                                 ElementTypeName(operands.in(index).type), ", not ",
                                                 ElementTypeName(type)));
}

// All inputs from `first` on broadcast together and have one type.
absl::StatusOr<Shape> BroadcastFrom(const NodeOperands& operands, size_t first) {
  Shape shape = operands.in(first).shape;
  for (size_t i = first + 1; i < operands.inputs.size(); ++i) {
    if (!operands.Has(i))
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " is absent"));
    TJ_ASSIGN_OR_RETURN(shape, BroadcastShape(shape, operands.in(i).shape));
  }
  return shape;
}

absl::Status CheckOneType(const NodeOperands& operands, size_t first) {
  for (size_t i = first + 1; i < operands.inputs.size(); ++i) {
    TJ_RETURN_IF_ERROR(CheckType(operands, i, operands.in(first).type));
  }
  return absl::OkStatus();
}

// Scale and zero point: scalars, or one value per index of `axis`.
absl::Status CheckQuantization(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckType(operands, 1, ElementType::kFloat));
  const GraphValue& scale = operands.in(1);
  if (operands.Has(2) && operands.in(2).shape != scale.shape &&
      !(operands.in(2).size() == 1 && scale.size() == 1)) {
    return absl::InvalidArgumentError("scale and zero point have different shapes");
  }
  if (scale.size() == 1) return absl::OkStatus();
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node->Int("axis", 1), shape.size()));
  if (scale.shape == Shape{shape[axis]}) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("scale of shape ", ShapeText(scale.shape),
                                                 " along axis ", axis, " of ", ShapeText(shape)));
}

}  // namespace

absl::Status InferSameAsInput(const NodeOperands& operands) {
  operands.SetOutput(0, operands.in(0).type, operands.in(0).shape);
  return absl::OkStatus();
}

absl::Status InferDropout(const NodeOperands& operands) {
  if (operands.Has(2)) return absl::UnimplementedError("training_mode");
  if (operands.outputs.size() > 1) return absl::UnimplementedError("the mask");
  return InferSameAsInput(operands);
}

absl::Status InferBroadcast(const NodeOperands& operands) {
  // The exponent of Pow may be of another type.
  if (operands.node->op_type != "Pow") TJ_RETURN_IF_ERROR(CheckOneType(operands, 0));
  TJ_ASSIGN_OR_RETURN(Shape shape, BroadcastFrom(operands, 0));
  operands.SetOutput(0, operands.in(0).type, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferComparison(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckOneType(operands, 0));
  TJ_ASSIGN_OR_RETURN(Shape shape, BroadcastFrom(operands, 0));
  operands.SetOutput(0, ElementType::kBool, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferWhere(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckType(operands, 0, ElementType::kBool));
  TJ_RETURN_IF_ERROR(CheckOneType(operands, 1));
  TJ_ASSIGN_OR_RETURN(Shape shape, BroadcastFrom(operands, 0));
  operands.SetOutput(0, operands.in(1).type, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferClip(const NodeOperands& operands) {
  for (size_t i = 1; i < operands.inputs.size(); ++i) {
    TJ_RETURN_IF_ERROR(CheckType(operands, i, operands.in(0).type));
    if (operands.Has(i) && operands.in(i).size() != 1) {
      return absl::InvalidArgumentError("its bounds are not scalars");
    }
  }
  return InferSameAsInput(operands);
}

absl::Status InferCast(const NodeOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const ElementType type,
                      ElementTypeOf(static_cast<int>(operands.node->Int("to", 0))));
  operands.SetOutput(0, type, operands.in(0).shape);
  return absl::OkStatus();
}

absl::Status InferSoftmax(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(
      NormalAxis(operands.node->Int("axis", -1), operands.in(0).shape.size()).status());
  return InferSameAsInput(operands);
}

absl::Status InferQuantizeLinear(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckType(operands, 0, ElementType::kFloat));
  TJ_RETURN_IF_ERROR(CheckQuantization(operands));
  const ElementType type = operands.Has(2) ? operands.in(2).type : ElementType::kUint8;
  if (type != ElementType::kInt8 && type != ElementType::kUint8) {
    return absl::InvalidArgumentError(absl::StrCat("zero point of ", ElementTypeName(type)));
  }
  operands.SetOutput(0, type, operands.in(0).shape);
  return absl::OkStatus();
}

absl::Status InferDequantizeLinear(const NodeOperands& operands) {
  const ElementType type = operands.in(0).type;
  if (type != ElementType::kInt8 && type != ElementType::kUint8 && type != ElementType::kInt32) {
    return absl::InvalidArgumentError(absl::StrCat("input 0 is ", ElementTypeName(type)));
  }
  TJ_RETURN_IF_ERROR(CheckType(operands, 2, type));
  TJ_RETURN_IF_ERROR(CheckQuantization(operands));
  operands.SetOutput(0, ElementType::kFloat, operands.in(0).shape);
  return absl::OkStatus();
}

absl::Status InferDynamicQuantizeLinear(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckType(operands, 0, ElementType::kFloat));
  operands.SetOutput(0, ElementType::kUint8, operands.in(0).shape);
  operands.SetOutput(1, ElementType::kFloat, {});
  operands.SetOutput(2, ElementType::kUint8, {});
  return absl::OkStatus();
}

}  // namespace tinyjoule
