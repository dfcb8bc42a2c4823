// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/reference/reference_kernels.h"

namespace tinyjoule {
namespace {

// Goes through the input and follows the output, whose reduced dimensions have stride 0.
StridedLoop ReductionLoop(const Shape& input, const std::vector<size_t>& axes) {
  Shape kept = input;
  for (const size_t axis : axes) kept[axis] = 1;
  StridedLoop loop(input);
  loop.AddBroadcast(kept);
  return loop;
}

template <typename T>
T InitialValue(const std::string& op) {
  if (op == "ReduceMax") return std::numeric_limits<T>::lowest();
  if (op == "ReduceMin") return std::numeric_limits<T>::max();
  return T{0};
}

template <typename T>
absl::StatusOr<ReferenceKernel> MakeReduce(const KernelOperands& operands,
                                           const std::vector<size_t>& axes) {
  const std::string op = operands.node().op_type;
  const T initial = InitialValue<T>(op);
  const int64_t size = operands.out().size();
  const T share = static_cast<T>(size == 0 ? 1 : operands.in(0).size() / size);
  if (operands.in(0).size() == 0) return absl::InvalidArgumentError("it reduces nothing");
  return ReferenceKernel([=, loop = ReductionLoop(operands.in(0).shape, axes),
                          in = operands.input<T>(0), out = operands.output<T>()] {
    std::fill_n(out, size, initial);
    loop.Run([&](int64_t index, const auto& offsets) {
      T& result = out[offsets[0]];
      if (op == "ReduceMax") {
        result = std::max(result, in[index]);
      } else if (op == "ReduceMin") {
        result = std::min(result, in[index]);
      } else {
        result = static_cast<T>(result + in[index]);
      }
    });
    if (op != "ReduceMean") return;
    for (int64_t i = 0; i < size; ++i) out[i] = static_cast<T>(out[i] / share);
  });
}

struct TopKLine {
  const float* in;
  int64_t stride;
  bool largest;
  // The better value first, the lower index among equals.
  bool operator()(int64_t a, int64_t b) const {
    const float x = in[a * stride];
    const float y = in[b * stride];
    if (x != y) return largest ? x > y : x < y;
    return a < b;
  }
};

}  // namespace

absl::StatusOr<ReferenceKernel> MakeReduceKernel(const KernelOperands& operands) {
  const size_t rank = operands.in(0).shape.size();
  TJ_ASSIGN_OR_RETURN(std::vector<size_t> axes, AxesOf(operands.shapes, rank));
  if (axes.empty()) {
    if (operands.node().Int("noop_with_empty_axes", 0) != 0) return MakeCopyKernel(operands);
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), size_t{0});
  }
  switch (operands.in(0).type) {
    case ElementType::kFloat:
      return MakeReduce<float>(operands, axes);
    case ElementType::kInt8:
      return MakeReduce<int8_t>(operands, axes);
    case ElementType::kUint8:
      return MakeReduce<uint8_t>(operands, axes);
    case ElementType::kInt32:
      return MakeReduce<int32_t>(operands, axes);
    case ElementType::kInt64:
      return MakeReduce<int64_t>(operands, axes);
    case ElementType::kBool:
    case ElementType::kFloat16:
      break;
  }
  return UnimplementedType(operands.in(0).type);
}

absl::StatusOr<ReferenceKernel> MakeArgMaxKernel(const KernelOperands& operands) {
  if (operands.in(0).type != ElementType::kFloat) return UnimplementedType(operands.in(0).type);
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 0), shape.size()));
  const bool last = operands.node().Int("select_last_index", 0) != 0;
  return ReferenceKernel([last, view = ViewAround(shape, axis), in = operands.input<float>(0),
                          out = operands.output<int64_t>()] {
    for (int64_t line = 0; line < view.outer * view.inner; ++line) {
      const int64_t first = line / view.inner * view.axis * view.inner + line % view.inner;
      int64_t best = 0;
      for (int64_t i = 1; i < view.axis; ++i) {
        const float value = in[first + i * view.inner];
        const float so_far = in[first + best * view.inner];
        if (value > so_far || (last && value == so_far)) best = i;
      }
      out[line] = best;
    }
  });
}

absl::StatusOr<ReferenceKernel> MakeTopKKernel(const KernelOperands& operands) {
  if (operands.in(0).type != ElementType::kFloat) return UnimplementedType(operands.in(0).type);
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", -1), shape.size()));
  const AxisView view = ViewAround(shape, axis);
  const int64_t k = operands.out().shape[axis];
  const bool largest = operands.node().Int("largest", 1) != 0;
  // Shared, so that the copies of a std::function do not each have one.
  auto order = std::make_shared<std::vector<int64_t>>(static_cast<size_t>(view.axis));
  return ReferenceKernel([=] {
    for (int64_t line = 0; line < view.outer * view.inner; ++line) {
      const int64_t outer = line / view.inner;
      const int64_t inner = line % view.inner;
      const float* const in = operands.input<float>(0) + outer * view.axis * view.inner + inner;
      std::iota(order->begin(), order->end(), int64_t{0});
      std::partial_sort(order->begin(), order->begin() + k, order->end(),
                        TopKLine{in, view.inner, largest});
      for (int64_t i = 0; i < k; ++i) {
        const int64_t place = (outer * k + i) * view.inner + inner;
        const int64_t row = (*order)[static_cast<size_t>(i)];
        operands.output<float>(0)[place] = in[row * view.inner];
        if (operands.output<int64_t>(1) != nullptr) operands.output<int64_t>(1)[place] = row;
      }
    }
  });
}

}  // namespace tinyjoule
