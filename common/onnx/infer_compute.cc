// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/status.h"
#include "common/onnx/operator_rules.h"
#include "common/onnx/sliding_window.h"

namespace tinyjoule {
namespace {

absl::Status CheckFloat(const NodeOperands& operands) {
  for (size_t i = 0; i < operands.inputs.size(); ++i) {
    if (operands.Has(i) && operands.in(i).type != ElementType::kFloat) {
      return absl::UnimplementedError(
          absl::StrCat("input ", i, " of type ", ElementTypeName(operands.in(i).type)));
    }
  }
  return absl::OkStatus();
}

// Batch, channels, and one to three spatial dimensions.
absl::Status CheckImage(const GraphValue& value) {
  if (value.shape.size() >= 3 && value.shape.size() <= 5) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("an input of shape ", ShapeText(value.shape),
                                                 " has not one to three spatial dimensions"));
}

absl::Status CheckVector(const NodeOperands& operands, size_t index, int64_t length) {
  if (!operands.Has(index) || operands.in(index).shape == Shape{length}) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "input ", index, " has shape ", ShapeText(operands.in(index).shape), ", not [", length, "]"));
}

Shape WithSpatial(int64_t batch, int64_t channels, absl::Span<const int64_t> spatial) {
  Shape shape = {batch, channels};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  return shape;
}

}  // namespace

absl::Status InferConv(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckFloat(operands));
  const GraphValue& input = operands.in(0);
  const Shape& weights = operands.in(1).shape;
  TJ_RETURN_IF_ERROR(CheckImage(input));
  const int64_t groups = operands.node->Int("group", 1);
  const bool fits = weights.size() == input.shape.size() && groups >= 1 && weights[0] >= 1 &&
                    weights[0] % groups == 0 && groups <= input.shape[1] &&
                    input.shape[1] % groups == 0 && weights[1] == input.shape[1] / groups;
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat("weights of shape ", ShapeText(weights), " in ",
                                                   groups, " groups over an input of ",
                                                   ShapeText(input.shape)));
  }
  TJ_RETURN_IF_ERROR(CheckVector(operands, 2, weights[0]));
  TJ_ASSIGN_OR_RETURN(const SlidingWindow window,
                      SlidingWindowOf(*operands.node, absl::MakeConstSpan(input.shape).subspan(2),
                                      absl::MakeConstSpan(weights).subspan(2)));
  operands.SetOutput(0, input.type, WithSpatial(input.shape[0], weights[0], window.output));
  return absl::OkStatus();
}

absl::Status InferPool(const NodeOperands& operands) {
  const GraphValue& input = operands.in(0);
  TJ_RETURN_IF_ERROR(CheckImage(input));
  if (!operands.node->HasAttribute("kernel_shape")) {
    return absl::InvalidArgumentError("it has no kernel_shape");
  }
  TJ_ASSIGN_OR_RETURN(
      const SlidingWindow window,
      SlidingWindowOf(*operands.node, absl::MakeConstSpan(input.shape).subspan(2), {}));
  operands.SetOutput(0, input.type, WithSpatial(input.shape[0], input.shape[1], window.output));
  return absl::OkStatus();
}

absl::Status InferGlobalPool(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckFloat(operands));
  const GraphValue& input = operands.in(0);
  TJ_RETURN_IF_ERROR(CheckImage(input));
  const Shape ones(input.shape.size() - 2, 1);
  operands.SetOutput(0, input.type, WithSpatial(input.shape[0], input.shape[1], ones));
  return absl::OkStatus();
}

absl::Status InferBatchNormalization(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckFloat(operands));
  const GraphValue& input = operands.in(0);
  if (operands.node->Int("training_mode", 0) != 0) {
    return absl::UnimplementedError("training_mode 1");
  }
  if (input.shape.size() < 2) return absl::InvalidArgumentError("its input has no channels");
  for (size_t i = 1; i < 5; ++i) TJ_RETURN_IF_ERROR(CheckVector(operands, i, input.shape[1]));
  return InferSameAsInput(operands);
}

absl::Status InferGemm(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckFloat(operands));
  Shape a = operands.in(0).shape;
  Shape b = operands.in(1).shape;
  if (a.size() != 2 || b.size() != 2) return absl::InvalidArgumentError("a factor is no matrix");
  if (operands.node->Int("transA", 0) != 0) std::swap(a[0], a[1]);
  if (operands.node->Int("transB", 0) != 0) std::swap(b[0], b[1]);
  const Shape product = {a[0], b[1]};
  bool fits = a[1] == b[0];
  if (fits && operands.Has(2)) {
    const absl::StatusOr<Shape> sum = BroadcastShape(product, operands.in(2).shape);
    fits = sum.ok() && *sum == product;
  }
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat("factors ", ShapeText(a), " and ", ShapeText(b), ", or its bias"));
  }
  operands.SetOutput(0, operands.in(0).type, product);
  return absl::OkStatus();
}

absl::Status InferMatMul(const NodeOperands& operands) {
  TJ_RETURN_IF_ERROR(CheckFloat(operands));
  Shape a = operands.in(0).shape;
  Shape b = operands.in(1).shape;
  if (a.empty() || b.empty()) return absl::InvalidArgumentError("a factor is a scalar");
  const bool row_vector = a.size() == 1;
  const bool column_vector = b.size() == 1;
  if (row_vector) a.insert(a.begin(), 1);
  if (column_vector) b.push_back(1);
  if (a.back() != b[b.size() - 2]) {
    return absl::InvalidArgumentError(
        absl::StrCat("factors ", ShapeText(a), " and ", ShapeText(b)));
  }
  TJ_ASSIGN_OR_RETURN(Shape shape, BroadcastShape(absl::MakeConstSpan(a).first(a.size() - 2),
                                                  absl::MakeConstSpan(b).first(b.size() - 2)));
  if (!row_vector) shape.push_back(a[a.size() - 2]);
  if (!column_vector) shape.push_back(b.back());
  operands.SetOutput(0, operands.in(0).type, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferReduce(const NodeOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const std::vector<size_t> axes, AxesOf(operands, shape.size()));
  if (axes.empty() && operands.node->Int("noop_with_empty_axes", 0) != 0) {
    return InferSameAsInput(operands);
  }
  const bool keep = operands.node->Int("keepdims", 1) != 0;
  Shape reduced;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool gone = axes.empty() || std::binary_search(axes.begin(), axes.end(), i);
    if (!gone) reduced.push_back(shape[i]);
    if (gone && keep) reduced.push_back(1);
  }
  operands.SetOutput(0, operands.in(0).type, std::move(reduced));
  return absl::OkStatus();
}

absl::Status InferArgMax(const NodeOperands& operands) {
  Shape shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node->Int("axis", 0), shape.size()));
  shape[axis] = 1;
  if (operands.node->Int("keepdims", 1) == 0) {
    shape.erase(shape.begin() + static_cast<int64_t>(axis));
  }
  operands.SetOutput(0, ElementType::kInt64, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferTopK(const NodeOperands& operands) {
  Shape shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node->Int("axis", -1), shape.size()));
  TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> k, operands.ConstantInts(1));
  if (k.size() != 1 || k[0] < 1 || k[0] > shape[axis]) {
    return absl::InvalidArgumentError(
        absl::StrCat("k ", ShapeText(k), " of ", shape[axis], " along axis ", axis));
  }
  shape[axis] = k[0];
  operands.SetOutput(1, ElementType::kInt64, shape);
  operands.SetOutput(0, operands.in(0).type, std::move(shape));
  return absl::OkStatus();
}

}  // namespace tinyjoule
