// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <tuple>
#include <vector>

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

namespace {

struct Ranked {
  Tensor values;
  Tensor places;
};

// Stable: among equals ONNX wants the lower index first, of which at::topk knows nothing.
Ranked SortedFirst(const Tensor& in, int64_t axis, int64_t k, bool largest) {
  const auto [values, places] = at::sort(in, c10::optional<bool>(true), axis, largest);
  return {values.narrow(axis, 0, k), places.narrow(axis, 0, k)};
}

// The same of one line, of which only those as near as the k-th are sorted.
Ranked FirstOfLine(const Tensor& line, int64_t k, bool largest) {
  const Tensor bound = std::get<0>(at::topk(line, k, 0, largest)).select(0, k - 1);
  const Tensor candidates = at::nonzero(largest ? line >= bound : line <= bound).flatten();
  // NaN is neither.
  if (candidates.numel() < k) return SortedFirst(line, 0, k, largest);
  const Ranked first = SortedFirst(line.index_select(0, candidates), 0, k, largest);
  return {first.values, candidates.index_select(0, first.places)};
}

}  // namespace

absl::StatusOr<TorchStep> MakeTopK(const TorchOperands& operands) {
  const size_t rank = operands.in_shape(0).size();
  TJ_ASSIGN_OR_RETURN(const size_t normal, NormalAxis(operands.node().Int("axis", -1), rank));
  const int64_t axis = static_cast<int64_t>(normal);
  TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> count, operands.shapes.ConstantInts(1));
  const int64_t k = count[0];
  Shape shape = operands.in_shape(0);
  shape[normal] = k;
  const bool is_line = ElementCount(shape) == k;
  const bool largest = operands.node().Int("largest", 1) != 0;
  Tensor* const values = operands.outputs[0];
  Tensor* const places = operands.outputs.size() > 1 ? operands.outputs[1] : nullptr;
  return TorchStep([&in = operands.in(0), values, places, axis, k, is_line, largest, shape] {
    const Ranked first =
        is_line ? FirstOfLine(in.reshape({-1}), k, largest) : SortedFirst(in, axis, k, largest);
    if (values != nullptr) *values = first.values.reshape(shape);
    if (places != nullptr) *places = first.places.reshape(shape);
  });
}

}  // namespace tinyjoule
