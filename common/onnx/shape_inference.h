// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_SHAPE_INFERENCE_H_
#define COMMON_ONNX_SHAPE_INFERENCE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// A node with its operands, while its results are inferred. Null: an optional operand or result
// that is absent.
struct NodeOperands {
  const GraphNode* node = nullptr;
  std::vector<const GraphValue*> inputs;
  std::vector<GraphValue*> outputs;

  const GraphValue& in(size_t index) const { return *inputs[index]; }
  bool Has(size_t index) const { return index < inputs.size() && inputs[index] != nullptr; }
  void SetOutput(size_t index, ElementType type, Shape shape) const;
  // A constant operand of int64 (or int32) as a list, such as the shape of Reshape.
  // InvalidArgument: absent or of another type. Unimplemented: not constant.
  absl::StatusOr<std::vector<int64_t>> ConstantInts(size_t index) const;
};

// Sets type and shape of the outputs. InvalidArgument: operands or attributes that do not fit.
// Unimplemented: an operator or attribute that TinyJoule does not know.
[[nodiscard]] absl::Status InferShapes(const NodeOperands& operands);

// `axis` counted from the front, for a tensor of `rank`. InvalidArgument: outside [-rank, rank).
absl::StatusOr<size_t> NormalAxis(int64_t axis, size_t rank);

// The axes of Squeeze, Unsqueeze and Reduce*, from the attribute (older operator sets) or from
// input 1, sorted, for a tensor of `rank`. Empty when not given.
absl::StatusOr<std::vector<size_t>> AxesOf(const NodeOperands& operands, size_t rank);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_SHAPE_INFERENCE_H_
