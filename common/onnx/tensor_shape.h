// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_TENSOR_SHAPE_H_
#define COMMON_ONNX_TENSOR_SHAPE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tinyjoule {

// Dimensions of a tensor, outermost first; empty for a scalar.
using Shape = std::vector<int64_t>;

// Tensors of a higher rank, or of more elements, are refused; so are models whose activations have
// more elements together.
constexpr size_t kMaxRank = 8;
constexpr int64_t kMaxElements = int64_t{1} << 28;

// The product; 1 for a scalar. The shape must have been checked.
int64_t ElementCount(absl::Span<const int64_t> shape);

// The product of a shape from outside. InvalidArgument: a negative dimension, a rank above kMaxRank
// or more than kMaxElements elements.
absl::StatusOr<int64_t> CheckedElementCount(absl::Span<const int64_t> shape);

// "[2, 3]".
std::string ShapeText(absl::Span<const int64_t> shape);

// The shape of two operands by ONNX's (NumPy's) multidirectional broadcasting. InvalidArgument when
// they do not fit.
absl::StatusOr<Shape> BroadcastShape(absl::Span<const int64_t> a, absl::Span<const int64_t> b);

// Elements between neighbours along each dimension, row-major.
Shape StridesOf(absl::Span<const int64_t> shape);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_TENSOR_SHAPE_H_
