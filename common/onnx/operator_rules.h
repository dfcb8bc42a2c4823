// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_OPERATOR_RULES_H_
#define COMMON_ONNX_OPERATOR_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/onnx/shape_inference.h"

namespace tinyjoule {

// What TinyJoule knows of an operator: enough to refuse a node that means something else than our
// engines would compute.
struct OperatorRule {
  size_t min_inputs = 1;
  size_t max_inputs = 1;
  size_t max_outputs = 1;
  // Those that the engines understand.
  std::vector<std::string> attributes;
  absl::Status (*infer)(const NodeOperands& operands) = nullptr;
};

// Null: an operator that TinyJoule does not know.
const OperatorRule* FindOperatorRule(absl::string_view op_type);

// Rules of infer_*.cc. The operands are as many as the rule says.
absl::Status InferSameAsInput(const NodeOperands& operands);
absl::Status InferDropout(const NodeOperands& operands);
absl::Status InferBroadcast(const NodeOperands& operands);
absl::Status InferComparison(const NodeOperands& operands);
absl::Status InferWhere(const NodeOperands& operands);
absl::Status InferClip(const NodeOperands& operands);
absl::Status InferCast(const NodeOperands& operands);
absl::Status InferSoftmax(const NodeOperands& operands);
absl::Status InferQuantizeLinear(const NodeOperands& operands);
absl::Status InferDequantizeLinear(const NodeOperands& operands);
absl::Status InferDynamicQuantizeLinear(const NodeOperands& operands);

absl::Status InferFlatten(const NodeOperands& operands);
absl::Status InferReshape(const NodeOperands& operands);
absl::Status InferTranspose(const NodeOperands& operands);
absl::Status InferSqueeze(const NodeOperands& operands);
absl::Status InferUnsqueeze(const NodeOperands& operands);
absl::Status InferConcat(const NodeOperands& operands);
absl::Status InferGather(const NodeOperands& operands);
absl::Status InferShape(const NodeOperands& operands);

absl::Status InferConv(const NodeOperands& operands);
absl::Status InferPool(const NodeOperands& operands);
absl::Status InferGlobalPool(const NodeOperands& operands);
absl::Status InferBatchNormalization(const NodeOperands& operands);
absl::Status InferGemm(const NodeOperands& operands);
absl::Status InferMatMul(const NodeOperands& operands);
absl::Status InferReduce(const NodeOperands& operands);
absl::Status InferArgMax(const NodeOperands& operands);
absl::Status InferTopK(const NodeOperands& operands);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_OPERATOR_RULES_H_
