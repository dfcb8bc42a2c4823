// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/operator_rules.h"

namespace tinyjoule {
namespace {

absl::Status SetReshaped(const NodeOperands& operands, Shape shape) {
  const GraphValue& input = operands.in(0);
  TJ_ASSIGN_OR_RETURN(const int64_t count, CheckedElementCount(shape));
  if (count != input.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape ", ShapeText(input.shape), " cannot become ", ShapeText(shape)));
  }
  operands.SetOutput(0, input.type, std::move(shape));
  return absl::OkStatus();
}

// Replaces one -1 by what is left of `total`.
absl::Status ResolveFreeDimension(int64_t total, Shape* shape) {
  int64_t* free_dim = nullptr;
  int64_t known = 1;
  for (int64_t& dim : *shape) {
    if (dim < -1) return absl::InvalidArgumentError("negative dimension");
    if (dim == -1 && free_dim != nullptr) return absl::InvalidArgumentError("two dimensions of -1");
    if (dim == -1) {
      free_dim = &dim;
    } else if (dim != 0 && known > kMaxElements / dim) {
      return absl::InvalidArgumentError("the shape is too large");
    } else {
      known *= dim;
    }
  }
  if (free_dim != nullptr) *free_dim = known == 0 ? 0 : total / known;
  return absl::OkStatus();
}

}  // namespace

absl::Status InferFlatten(const NodeOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  const int64_t rank = static_cast<int64_t>(shape.size());
  int64_t axis = operands.node->Int("axis", 1);
  if (axis < -rank || axis > rank) return absl::InvalidArgumentError(absl::StrCat("axis ", axis));
  if (axis < 0) axis += rank;
  const auto middle = shape.begin() + axis;
  const auto times = std::multiplies<int64_t>();
  const int64_t outer = std::accumulate(shape.begin(), middle, int64_t{1}, times);
  return SetReshaped(operands, {outer, std::accumulate(middle, shape.end(), int64_t{1}, times)});
}

absl::Status InferReshape(const NodeOperands& operands) {
  const GraphValue& input = operands.in(0);
  TJ_ASSIGN_OR_RETURN(Shape shape, operands.ConstantInts(1));
  if (operands.node->Int("allowzero", 0) == 0) {
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] != 0) continue;
      if (i >= input.shape.size()) return absl::InvalidArgumentError("0 copies no dimension");
      shape[i] = input.shape[i];
    }
  }
  TJ_RETURN_IF_ERROR(ResolveFreeDimension(input.size(), &shape));
  return SetReshaped(operands, std::move(shape));
}

absl::Status InferTranspose(const NodeOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  Shape reversed(shape.size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  const Shape order = operands.node->Ints("perm", reversed);
  if (!std::is_permutation(order.begin(), order.end(), reversed.begin(), reversed.end())) {
    return absl::InvalidArgumentError(
        absl::StrCat("perm ", ShapeText(order), " of ", ShapeText(shape)));
  }
  Shape permuted;
  for (const int64_t axis : order) permuted.push_back(shape[static_cast<size_t>(axis)]);
  operands.SetOutput(0, operands.in(0).type, std::move(permuted));
  return absl::OkStatus();
}

absl::Status InferSqueeze(const NodeOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const std::vector<size_t> axes, AxesOf(operands, shape.size()));
  Shape squeezed;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool named = std::binary_search(axes.begin(), axes.end(), i);
    if (named && shape[i] != 1) {
      return absl::InvalidArgumentError(absl::StrCat("dimension ", i, " of ", ShapeText(shape)));
    }
    if (!named && (!axes.empty() || shape[i] != 1)) squeezed.push_back(shape[i]);
  }
  return SetReshaped(operands, std::move(squeezed));
}

absl::Status InferUnsqueeze(const NodeOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  // The axes count in the result, whose rank depends on how many they are.
  const size_t given = operands.Has(1) ? static_cast<size_t>(operands.in(1).size())
                                       : operands.node->Ints("axes", {}).size();
  const size_t rank = shape.size() + given;
  if (rank > kMaxRank) return absl::InvalidArgumentError("the result has too many dimensions");
  TJ_ASSIGN_OR_RETURN(const std::vector<size_t> axes, AxesOf(operands, rank));
  Shape expanded;
  auto next = shape.begin();
  for (size_t i = 0; i < rank; ++i) {
    expanded.push_back(std::binary_search(axes.begin(), axes.end(), i) ? 1 : *next++);
  }
  return SetReshaped(operands, std::move(expanded));
}

absl::Status InferConcat(const NodeOperands& operands) {
  Shape shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node->Int("axis", 0), shape.size()));
  for (size_t i = 1; i < operands.inputs.size(); ++i) {
    if (!operands.Has(i))
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " is absent"));
    Shape other = operands.in(i).shape;
    if (other.size() != shape.size() || operands.in(i).type != operands.in(0).type) {
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " has another rank or type"));
    }
    const int64_t extent = other[axis];
    other[axis] = shape[axis];
    if (other != shape) {
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " has another shape"));
    }
    shape[axis] += extent;
  }
  operands.SetOutput(0, operands.in(0).type, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferGather(const NodeOperands& operands) {
  const Shape& data = operands.in(0).shape;
  const GraphValue& indices = operands.in(1);
  if (indices.type != ElementType::kInt64 && indices.type != ElementType::kInt32) {
    return absl::InvalidArgumentError("its indices are not integers");
  }
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node->Int("axis", 0), data.size()));
  const auto at = data.begin() + static_cast<int64_t>(axis);
  Shape shape(data.begin(), at);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), at + 1, data.end());
  operands.SetOutput(0, operands.in(0).type, std::move(shape));
  return absl::OkStatus();
}

absl::Status InferShape(const NodeOperands& operands) {
  const int64_t rank = static_cast<int64_t>(operands.in(0).shape.size());
  const auto clamp = [rank](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
  };
  const int64_t start = clamp(operands.node->Int("start", 0));
  const int64_t end = clamp(operands.node->Int("end", rank));
  operands.SetOutput(0, ElementType::kInt64, {std::max<int64_t>(0, end - start)});
  return absl::OkStatus();
}

}  // namespace tinyjoule
