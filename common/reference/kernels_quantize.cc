// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/status.h"
#include "common/reference/reference_kernels.h"

namespace tinyjoule {
namespace {

// Element i belongs to the scale of its place along the quantised axis.
struct ScaleIndex {
  int64_t inner = 1;
  int64_t count = 1;
  int64_t operator()(int64_t i) const { return count == 1 ? 0 : i / inner % count; }
};

absl::StatusOr<ScaleIndex> ScaleIndexOf(const KernelOperands& operands) {
  ScaleIndex index;
  index.count = operands.in(1).size();
  if (index.count == 1) return index;
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 1), shape.size()));
  index.inner = ViewAround(shape, axis).inner;
  return index;
}

// Rounds half to even and saturates.
template <typename T>
T Quantize(float value, float scale, T zero_point) {
  const float steps = std::nearbyint(value / scale) + static_cast<float>(zero_point);
  if (std::isnan(steps)) return zero_point;
  return static_cast<T>(std::clamp(steps, static_cast<float>(std::numeric_limits<T>::lowest()),
                                   static_cast<float>(std::numeric_limits<T>::max())));
}

template <typename T>
ReferenceKernel MakeQuantize(const KernelOperands& operands, ScaleIndex index) {
  return [operands, index, size = operands.in(0).size()] {
    for (int64_t i = 0; i < size; ++i) {
      const T zero_point = operands.Has(2) ? operands.input<T>(2)[index(i)] : T{0};
      operands.output<T>()[i] =
          Quantize(operands.input<float>(0)[i], operands.input<float>(1)[index(i)], zero_point);
    }
  };
}

template <typename T>
ReferenceKernel MakeDequantize(const KernelOperands& operands, ScaleIndex index) {
  return [operands, index, size = operands.in(0).size()] {
    for (int64_t i = 0; i < size; ++i) {
      const int64_t zero_point = operands.Has(2) ? operands.input<T>(2)[index(i)] : 0;
      const int64_t steps = static_cast<int64_t>(operands.input<T>(0)[i]) - zero_point;
      operands.output<float>()[i] = static_cast<float>(steps) * operands.input<float>(1)[index(i)];
    }
  };
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeQuantizeKernel(const KernelOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const ScaleIndex index, ScaleIndexOf(operands));
  if (operands.out().type == ElementType::kInt8) return MakeQuantize<int8_t>(operands, index);
  return MakeQuantize<uint8_t>(operands, index);
}

absl::StatusOr<ReferenceKernel> MakeDequantizeKernel(const KernelOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const ScaleIndex index, ScaleIndexOf(operands));
  switch (operands.in(0).type) {
    case ElementType::kInt8:
      return MakeDequantize<int8_t>(operands, index);
    case ElementType::kUint8:
      return MakeDequantize<uint8_t>(operands, index);
    default:
      return MakeDequantize<int32_t>(operands, index);
  }
}

absl::StatusOr<ReferenceKernel> MakeDynamicQuantizeKernel(const KernelOperands& operands) {
  // Its three results are needed here whether or not the model reads them.
  if (operands.output<uint8_t>(0) == nullptr || operands.output<float>(1) == nullptr ||
      operands.output<uint8_t>(2) == nullptr) {
    return absl::UnimplementedError("fewer than three results");
  }
  return ReferenceKernel([operands, size = operands.in(0).size()] {
    const float* const in = operands.input<float>(0);
    float low = 0;
    float high = 0;
    for (int64_t i = 0; i < size; ++i) {
      low = std::min(low, in[i]);
      high = std::max(high, in[i]);
    }
    // ONNX leaves open what a tensor of zeros gives.
    const float scale = high > low ? (high - low) / 255.0f : 1.0f;
    const uint8_t zero_point = Quantize<uint8_t>(-low, scale, uint8_t{0});
    for (int64_t i = 0; i < size; ++i) {
      operands.output<uint8_t>(0)[i] = Quantize(in[i], scale, zero_point);
    }
    *operands.output<float>(1) = scale;
    *operands.output<uint8_t>(2) = zero_point;
  });
}

}  // namespace tinyjoule
