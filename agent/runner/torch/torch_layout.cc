// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "agent/runner/torch/torch_steps.h"
#include "common/base/status.h"

// Operators that move elements, choose among them or sum them up.

namespace tinyjoule {

using at::Tensor;

absl::StatusOr<TorchStep> MakeReshape(const TorchOperands& operands) {
  return TorchStep([&in = operands.in(0), &out = operands.out(), shape = operands.out_shape()] {
    out = in.reshape(shape);
  });
}

absl::StatusOr<TorchStep> MakeIdentity(const TorchOperands& operands) {
  return TorchStep([&in = operands.in(0), &out = operands.out()] { out = in; });
}

absl::StatusOr<TorchStep> MakeTranspose(const TorchOperands& operands) {
  Shape order(operands.in_shape(0).size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = operands.node().Ints("perm", order);
  return TorchStep(
      [&in = operands.in(0), &out = operands.out(), order] { out = in.permute(order); });
}

absl::StatusOr<TorchStep> MakeConcat(const TorchOperands& operands) {
  const int64_t axis = operands.node().Int("axis", 0);
  return TorchStep([inputs = operands.inputs, &out = operands.out(), axis] {
    std::vector<Tensor> parts;
    for (const Tensor* input : inputs) parts.push_back(*input);
    out = at::cat(parts, axis);
  });
}

absl::StatusOr<TorchStep> MakeGather(const TorchOperands& operands) {
  const Shape& data = operands.in_shape(0);
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 0), data.size()));
  const int64_t extent = data[axis];
  return TorchStep([&in = operands.in(0), &indices = operands.in(1), &out = operands.out(),
                    shape = operands.out_shape(), axis = static_cast<int64_t>(axis), extent] {
    // Negative ones count from the end; one outside must not throw.
    const Tensor rows = at::remainder(indices.reshape({-1}), extent);
    out = at::index_select(in, axis, rows).reshape(shape);
  });
}

absl::StatusOr<TorchStep> MakeReduce(const TorchOperands& operands) {
  const GraphNode& node = operands.node();
  const size_t rank = operands.in_shape(0).size();
  TJ_ASSIGN_OR_RETURN(const std::vector<size_t> given, AxesOf(operands.shapes, rank));
  if (given.empty() && node.Int("noop_with_empty_axes", 0) != 0) return MakeIdentity(operands);
  Shape axes(given.begin(), given.end());
  if (axes.empty()) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  const bool keep = node.Int("keepdims", 1) != 0;
  const auto reduce = [&, axes, keep](auto function) {
    return TorchStep([&in = operands.in(0), &out = operands.out(), axes, keep, function] {
      out = function(in, at::IntArrayRef(axes), keep);
    });
  };
  if (node.op_type == "ReduceMax") {
    return reduce(
        [](const Tensor& x, at::IntArrayRef dims, bool kept) { return at::amax(x, dims, kept); });
  }
  if (node.op_type == "ReduceMin") {
    return reduce(
        [](const Tensor& x, at::IntArrayRef dims, bool kept) { return at::amin(x, dims, kept); });
  }
  if (node.op_type == "ReduceSum") {
    return reduce([](const Tensor& x, at::IntArrayRef dims, bool kept) {
      return at::sum(x, dims, kept, x.scalar_type());
    });
  }
  return reduce(
      [](const Tensor& x, at::IntArrayRef dims, bool kept) { return at::mean(x, dims, kept); });
}

absl::StatusOr<TorchStep> MakeArgMax(const TorchOperands& operands) {
  const size_t rank = operands.in_shape(0).size();
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 0), rank));
  const int64_t dim = static_cast<int64_t>(axis);
  const int64_t last = operands.in_shape(0)[axis] - 1;
  const bool keep = operands.node().Int("keepdims", 1) != 0;
  if (operands.node().Int("select_last_index", 0) != 0) {
    return TorchStep([&in = operands.in(0), &out = operands.out(), dim, last, keep] {
      out = last - at::argmax(in.flip({dim}), dim, keep);
    });
  }
  return TorchStep([&in = operands.in(0), &out = operands.out(), dim, keep] {
    out = at::argmax(in, dim, keep);
  });
}

// A stable sort: among equals ONNX wants the lower index first, of which at::topk knows nothing.
absl::StatusOr<TorchStep> MakeTopK(const TorchOperands& operands) {
  const size_t rank = operands.in_shape(0).size();
  TJ_ASSIGN_OR_RETURN(const size_t normal, NormalAxis(operands.node().Int("axis", -1), rank));
  const int64_t axis = static_cast<int64_t>(normal);
  const int64_t k = operands.out_shape()[normal];
  const bool largest = operands.node().Int("largest", 1) != 0;
  Tensor* const indices = operands.outputs.size() > 1 ? operands.outputs[1] : nullptr;
  Tensor* const values = operands.outputs[0];
  return TorchStep([&in = operands.in(0), values, indices, axis, k, largest] {
    const auto [sorted, places] = at::sort(in, c10::optional<bool>(true), axis, largest);
    if (values != nullptr) *values = sorted.narrow(axis, 0, k);
    if (indices != nullptr) *indices = places.narrow(axis, 0, k);
  });
}

}  // namespace tinyjoule
