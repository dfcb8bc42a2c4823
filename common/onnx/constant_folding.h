// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_CONSTANT_FOLDING_H_
#define COMMON_ONNX_CONSTANT_FOLDING_H_

#include "absl/status/statusor.h"
#include "common/onnx/shape_inference.h"

namespace tinyjoule {

// Computes what a node makes of constants alone, once, in place of every inference: Shape, and
// Identity, Reshape, Cast between whole numbers, Gather, Concat (axis 0) and the arithmetic of
// int32 of constants, with which a clustered model looks its weights up. The output's type and
// shape have been inferred; its data are filled. False: the node is left to the engine.
// InvalidArgument: an index outside of what is gathered from, a division by 0.
absl::StatusOr<bool> FoldConstant(const NodeOperands& operands);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_CONSTANT_FOLDING_H_
