// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "common/base/status.h"
#include "common/reference/reference_kernels.h"

// Operators that move elements without looking at them.

namespace tinyjoule {
namespace {

template <typename Index>
ReferenceKernel MakeGather(const KernelOperands& operands, AxisView view) {
  const size_t slice = static_cast<size_t>(view.inner) * ElementSize(operands.in(0).type);
  return [operands, view, slice, count = operands.in(1).size()] {
    const uint8_t* data = operands.input<uint8_t>(0);
    uint8_t* out = operands.output<uint8_t>();
    for (int64_t outer = 0; outer < view.outer; ++outer) {
      for (int64_t i = 0; i < count; ++i, out += slice) {
        int64_t row = operands.input<Index>(1)[i];
        if (row < 0) row += view.axis;
        // Indices are data: one outside must not read outside.
        row = std::clamp<int64_t>(row, 0, view.axis - 1);
        std::memcpy(out, data + static_cast<size_t>(outer * view.axis + row) * slice, slice);
      }
    }
  };
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeCopyKernel(const KernelOperands& operands) {
  return ReferenceKernel([in = operands.input<uint8_t>(0), out = operands.output<uint8_t>(),
                          bytes = operands.in(0).size_bytes()] { std::copy_n(in, bytes, out); });
}

absl::StatusOr<ReferenceKernel> MakeTransposeKernel(const KernelOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  Shape reversed(shape.size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  const Shape own = StridesOf(shape);
  Shape strides;
  for (const int64_t axis : operands.node().Ints("perm", reversed)) {
    strides.push_back(own[static_cast<size_t>(axis)]);
  }
  StridedLoop loop(operands.out().shape);
  loop.AddStrides(std::move(strides));
  return ReferenceKernel([loop = std::move(loop), in = operands.input<uint8_t>(0),
                          out = operands.output<uint8_t>(),
                          size = static_cast<int64_t>(ElementSize(operands.in(0).type))] {
    loop.Run([&](int64_t index, const auto& offsets) {
      std::copy_n(in + offsets[0] * size, size, out + index * size);
    });
  });
}

absl::StatusOr<ReferenceKernel> MakeConcatKernel(const KernelOperands& operands) {
  const Shape& shape = operands.out().shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 0), shape.size()));
  const int64_t element = static_cast<int64_t>(ElementSize(operands.out().type));
  const int64_t outer_count = ViewAround(shape, axis).outer;
  // Bytes that each input gives to each outer row.
  std::vector<int64_t> pieces;
  for (size_t i = 0; i < operands.shapes.inputs.size(); ++i) {
    const AxisView view = ViewAround(operands.in(i).shape, axis);
    pieces.push_back(view.axis * view.inner * element);
  }
  return ReferenceKernel([operands, outer_count, pieces = std::move(pieces)] {
    uint8_t* out = operands.output<uint8_t>();
    for (int64_t outer = 0; outer < outer_count; ++outer) {
      for (size_t i = 0; i < pieces.size(); ++i) {
        out = std::copy_n(operands.input<uint8_t>(i) + outer * pieces[i], pieces[i], out);
      }
    }
  });
}

absl::StatusOr<ReferenceKernel> MakeGatherKernel(const KernelOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 0), shape.size()));
  const AxisView view = ViewAround(shape, axis);
  if (view.axis == 0) return absl::InvalidArgumentError("it gathers from nothing");
  if (operands.in(1).type == ElementType::kInt32) return MakeGather<int32_t>(operands, view);
  return MakeGather<int64_t>(operands, view);
}

}  // namespace tinyjoule
