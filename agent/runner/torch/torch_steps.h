// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_TORCH_TORCH_STEPS_H_
#define AGENT_RUNNER_TORCH_TORCH_STEPS_H_

#include "absl/status/status.h"
#include "agent/runner/torch/torch_operators.h"

namespace tinyjoule {

// The operators by kind; each knows those that MakeTorchStep sends to it.
absl::StatusOr<TorchStep> MakeArgMax(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeAveragePool(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeBatchNormalization(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeBinary(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeCast(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeClip(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeConcat(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeConv(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeDequantize(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeDynamicQuantize(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeExtreme(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeGather(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeGemm(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeGlobalPool(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeIdentity(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeLeakyRelu(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeMatMul(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeMaxPool(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeQuantize(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeReduce(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeReshape(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeSoftmax(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeTopK(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeTranspose(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeUnary(const TorchOperands& operands);
absl::StatusOr<TorchStep> MakeWhere(const TorchOperands& operands);

// "elements of int64".
absl::Status UnimplementedElements(ElementType type);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_TORCH_TORCH_STEPS_H_
