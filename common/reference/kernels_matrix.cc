// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "common/base/status.h"
#include "common/reference/reference_kernels.h"

namespace tinyjoule {
namespace {

// A matrix whose element (row, column) lies at row * row_stride + column * column_stride.
struct Matrix {
  const float* data = nullptr;
  int64_t row_stride = 0;
  int64_t column_stride = 0;
  float at(int64_t row, int64_t column) const {
    return data[row * row_stride + column * column_stride];
  }
};

Matrix MatrixOf(const float* data, const Shape& shape, bool transposed) {
  if (transposed) return {data, 1, shape[1]};
  return {data, shape[1], 1};
}

// m x n results of k products each.
void Multiply(const Matrix& a, const Matrix& b, int64_t m, int64_t n, int64_t k, float* out) {
  for (int64_t row = 0; row < m; ++row) {
    for (int64_t column = 0; column < n; ++column) {
      float sum = 0;
      for (int64_t i = 0; i < k; ++i) sum += a.at(row, i) * b.at(i, column);
      out[row * n + column] = sum;
    }
  }
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeGemmKernel(const KernelOperands& operands) {
  const GraphNode& node = operands.node();
  const bool transposed_a = node.Int("transA", 0) != 0;
  const Matrix a = MatrixOf(operands.input<float>(0), operands.in(0).shape, transposed_a);
  const Matrix b =
      MatrixOf(operands.input<float>(1), operands.in(1).shape, node.Int("transB", 0) != 0);
  const Shape& shape = operands.out().shape;
  const int64_t inner = operands.in(0).shape[transposed_a ? 0 : 1];
  const float alpha = node.Float("alpha", 1.0f);
  const float beta = node.Float("beta", 1.0f);
  StridedLoop bias(shape);
  if (operands.Has(2)) bias.AddBroadcast(operands.in(2).shape);
  return ReferenceKernel([=, bias = std::move(bias)] {
    float* const out = operands.output<float>();
    Multiply(a, b, shape[0], shape[1], inner, out);
    bias.Run([&](int64_t index, const auto& offsets) {
      out[index] *= alpha;
      if (operands.Has(2)) out[index] += beta * operands.input<float>(2)[offsets[0]];
    });
  });
}

absl::StatusOr<ReferenceKernel> MakeMatMulKernel(const KernelOperands& operands) {
  Shape a = operands.in(0).shape;
  Shape b = operands.in(1).shape;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const int64_t m = a[a.size() - 2];
  const int64_t k = a.back();
  const int64_t n = b.back();
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  TJ_ASSIGN_OR_RETURN(const Shape stack, BroadcastShape(a, b));
  // Which matrix of each stack: one product per element of the broadcast stack.
  StridedLoop loop(stack);
  loop.AddBroadcast(a);
  loop.AddBroadcast(b);
  return ReferenceKernel([=, loop = std::move(loop)] {
    loop.Run([&](int64_t index, const auto& offsets) {
      const Matrix left = {operands.input<float>(0) + offsets[0] * m * k, k, 1};
      const Matrix right = {operands.input<float>(1) + offsets[1] * k * n, n, 1};
      Multiply(left, right, m, n, k, operands.output<float>() + index * m * n);
    });
  });
}

}  // namespace tinyjoule
