// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/constant_folding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

template <typename T>
void SetData(const std::vector<T>& values, GraphValue* result) {
  result->data.resize(values.size() * sizeof(T));
  // Not memcpy: a tensor of no elements has no address.
  std::copy_n(reinterpret_cast<const uint8_t*>(values.data()), result->data.size(),
              result->data.begin());
}

bool IsWholeNumber(ElementType type) {
  return type == ElementType::kInt8 || type == ElementType::kUint8 || type == ElementType::kInt32 ||
         type == ElementType::kInt64;
}

std::vector<int64_t> WholeNumbers(const GraphValue& value) {
  const auto all = [](const auto& elements) {
    return std::vector<int64_t>(elements.begin(), elements.end());
  };
  switch (value.type) {
    case ElementType::kInt8:
      return all(value.elements<int8_t>());
    case ElementType::kUint8:
      return all(value.elements<uint8_t>());
    case ElementType::kInt32:
      return all(value.elements<int32_t>());
    default:
      return all(value.elements<int64_t>());
  }
}

void FoldShape(const NodeOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  const int64_t rank = static_cast<int64_t>(shape.size());
  const int64_t start = operands.node->Int("start", 0);
  const int64_t first = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  GraphValue* result = operands.outputs[0];
  SetData(std::vector<int64_t>(shape.begin() + first, shape.begin() + first + result->size()),
          result);
}

bool FoldCast(const NodeOperands& operands) {
  GraphValue* result = operands.outputs[0];
  if (!IsWholeNumber(operands.in(0).type)) return false;
  const std::vector<int64_t> values = WholeNumbers(operands.in(0));
  if (result->type == ElementType::kInt64) {
    SetData(values, result);
    return true;
  }
  if (result->type != ElementType::kInt32) return false;
  std::vector<int32_t> narrow;
  for (int64_t value : values) narrow.push_back(static_cast<int32_t>(value));
  SetData(narrow, result);
  return true;
}

absl::StatusOr<bool> FoldGather(const NodeOperands& operands) {
  const GraphValue& data = operands.in(0);
  if (operands.node->Int("axis", 0) != 0 || data.shape.empty()) return false;
  const int64_t rows = data.shape[0];
  const size_t row_bytes = rows == 0 ? 0 : data.data.size() / static_cast<size_t>(rows);
  GraphValue* result = operands.outputs[0];
  result->data.reserve(result->size_bytes());
  for (int64_t row : WholeNumbers(operands.in(1))) {
    if (row < 0) row += rows;
    if (row < 0 || row >= rows) {
      return absl::InvalidArgumentError(absl::StrCat("index ", row, " of ", rows, " rows"));
    }
    const auto first = data.data.begin() + row * static_cast<int64_t>(row_bytes);
    result->data.insert(result->data.end(), first, first + static_cast<int64_t>(row_bytes));
  }
  return true;
}

bool FoldConcat(const NodeOperands& operands) {
  if (operands.node->Int("axis", 0) != 0) return false;
  for (const GraphValue* input : operands.inputs) {
    std::vector<uint8_t>& data = operands.outputs[0]->data;
    data.insert(data.end(), input->data.begin(), input->data.end());
  }
  return true;
}

absl::StatusOr<bool> FoldArithmetic(const NodeOperands& operands) {
  const GraphValue& a = operands.in(0);
  const GraphValue& b = operands.in(1);
  GraphValue* result = operands.outputs[0];
  const bool fits = a.size() == result->size() && (b.size() == a.size() || b.size() == 1);
  if (a.type != ElementType::kInt32 || b.type != ElementType::kInt32 || !fits) return false;
  const std::string& op = operands.node->op_type;
  std::vector<int32_t> values;
  for (size_t i = 0; i < static_cast<size_t>(a.size()); ++i) {
    const int64_t x = a.elements<int32_t>()[i];
    const int64_t y = b.elements<int32_t>()[b.size() == 1 ? 0 : i];
    if (op == "Div" && y == 0) return absl::InvalidArgumentError("division by 0");
    const int64_t exact = op == "Div" ? x / y : op == "Mul" ? x * y : op == "Sub" ? x - y : x + y;
    values.push_back(static_cast<int32_t>(exact));
  }
  SetData(values, result);
  return true;
}

absl::StatusOr<bool> Fold(const NodeOperands& operands) {
  if (operands.outputs.empty() || operands.outputs[0] == nullptr) return false;
  const std::string& op = operands.node->op_type;
  if (op == "Shape") {
    FoldShape(operands);
    return true;
  }
  const bool constants = absl::c_all_of(
      operands.inputs, [](const GraphValue* input) { return input != nullptr && input->constant; });
  if (!constants) return false;
  if (op == "Identity" || op == "Reshape") {
    operands.outputs[0]->data = operands.in(0).data;
    return true;
  }
  if (op == "Cast") return FoldCast(operands);
  if (op == "Gather") return FoldGather(operands);
  if (op == "Concat") return FoldConcat(operands);
  if (op == "Add" || op == "Div" || op == "Mul" || op == "Sub") return FoldArithmetic(operands);
  return false;
}

}  // namespace

absl::StatusOr<bool> FoldConstant(const NodeOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const bool folded, Fold(operands));
  if (!folded) return false;
  GraphValue& result = *operands.outputs[0];
  result.constant = true;
  if (operands.node->op_type == "Shape") return true;
  for (const GraphValue* input : operands.inputs) {
    result.stored.insert(input->stored.begin(), input->stored.end());
  }
  return true;
}

}  // namespace tinyjoule
