// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "common/base/status.h"
#include "common/onnx/half_float.h"
#include "common/reference/reference_kernels.h"

namespace tinyjoule {
namespace {

template <typename T, typename Function>
ReferenceKernel Map(const KernelOperands& operands, Function function) {
  return [in = operands.input<T>(0), out = operands.output<T>(), size = operands.in(0).size(),
          function] { std::transform(in, in + size, out, function); };
}

float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

template <typename T>
ReferenceKernel MakeClip(const KernelOperands& operands) {
  return [operands] {
    const T low = operands.Has(1) ? *operands.input<T>(1) : std::numeric_limits<T>::lowest();
    const T high = operands.Has(2) ? *operands.input<T>(2) : std::numeric_limits<T>::max();
    const T* in = operands.input<T>(0);
    std::transform(in, in + operands.in(0).size(), operands.output<T>(),
                   [=](T x) { return std::min(std::max(x, low), high); });
  };
}

template <typename From, typename To>
To CastElement(From value) {
  if constexpr (std::is_same_v<To, bool>) return value != From{0};
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Out of range is undefined in ONNX and in C++: make it saturate.
    if (!(value > static_cast<From>(std::numeric_limits<To>::lowest()))) {
      return std::numeric_limits<To>::lowest();
    }
    if (value >= static_cast<From>(std::numeric_limits<To>::max())) {
      return std::numeric_limits<To>::max();
    }
  }
  return static_cast<To>(value);
}

template <typename From, typename To>
ReferenceKernel MakeCast(const KernelOperands& operands) {
  return [in = operands.input<From>(0), out = operands.output<To>(), size = operands.in(0).size()] {
    std::transform(in, in + size, out, CastElement<From, To>);
  };
}

template <typename From>
absl::StatusOr<ReferenceKernel> MakeCastFrom(const KernelOperands& operands) {
  switch (operands.out().type) {
    case ElementType::kFloat:
      return MakeCast<From, float>(operands);
    case ElementType::kInt8:
      return MakeCast<From, int8_t>(operands);
    case ElementType::kUint8:
      return MakeCast<From, uint8_t>(operands);
    case ElementType::kInt32:
      return MakeCast<From, int32_t>(operands);
    case ElementType::kInt64:
      return MakeCast<From, int64_t>(operands);
    case ElementType::kFloat16:
      if constexpr (std::is_same_v<From, float>) return MakeCast<float, HalfFloat>(operands);
      return UnimplementedType(ElementType::kFloat16);
    case ElementType::kBool:
      break;
  }
  return MakeCast<From, bool>(operands);
}

void SoftmaxLine(const float* in, float* out, int64_t count, int64_t stride) {
  float largest = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, in[i * stride]);
  float total = 0;
  for (int64_t i = 0; i < count; ++i) {
    out[i * stride] = std::exp(in[i * stride] - largest);
    total += out[i * stride];
  }
  for (int64_t i = 0; i < count; ++i) out[i * stride] /= total;
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeUnaryKernel(const KernelOperands& operands) {
  if (operands.in(0).type != ElementType::kFloat) return UnimplementedType(operands.in(0).type);
  const std::string& op = operands.node().op_type;
  if (op == "Abs") return Map<float>(operands, [](float x) { return std::fabs(x); });
  if (op == "Exp") return Map<float>(operands, [](float x) { return std::exp(x); });
  if (op == "Log") return Map<float>(operands, [](float x) { return std::log(x); });
  if (op == "Neg") return Map<float>(operands, [](float x) { return -x; });
  if (op == "Reciprocal") return Map<float>(operands, [](float x) { return 1.0f / x; });
  if (op == "Relu") return Map<float>(operands, [](float x) { return x > 0 ? x : 0.0f; });
  if (op == "Sigmoid") return Map<float>(operands, Sigmoid);
  if (op == "Sqrt") return Map<float>(operands, [](float x) { return std::sqrt(x); });
  if (op == "Tanh") return Map<float>(operands, [](float x) { return std::tanh(x); });
  // LeakyRelu
  const float alpha = operands.node().Float("alpha", 0.01f);
  return Map<float>(operands, [alpha](float x) { return x < 0 ? alpha * x : x; });
}

absl::StatusOr<ReferenceKernel> MakeClipKernel(const KernelOperands& operands) {
  switch (operands.in(0).type) {
    case ElementType::kFloat:
      return MakeClip<float>(operands);
    case ElementType::kInt8:
      return MakeClip<int8_t>(operands);
    case ElementType::kUint8:
      return MakeClip<uint8_t>(operands);
    case ElementType::kInt32:
      return MakeClip<int32_t>(operands);
    case ElementType::kInt64:
      return MakeClip<int64_t>(operands);
    case ElementType::kBool:
    case ElementType::kFloat16:
      break;
  }
  return UnimplementedType(operands.in(0).type);
}

absl::StatusOr<ReferenceKernel> MakeCastKernel(const KernelOperands& operands) {
  switch (operands.in(0).type) {
    case ElementType::kFloat16:
      if (operands.out().type == ElementType::kFloat) return MakeCast<HalfFloat, float>(operands);
      return UnimplementedType(ElementType::kFloat16);
    case ElementType::kFloat:
      return MakeCastFrom<float>(operands);
    case ElementType::kInt8:
      return MakeCastFrom<int8_t>(operands);
    case ElementType::kUint8:
      return MakeCastFrom<uint8_t>(operands);
    case ElementType::kInt32:
      return MakeCastFrom<int32_t>(operands);
    case ElementType::kInt64:
      return MakeCastFrom<int64_t>(operands);
    case ElementType::kBool:
      break;
  }
  return MakeCastFrom<bool>(operands);
}

absl::StatusOr<ReferenceKernel> MakeSoftmaxKernel(const KernelOperands& operands) {
  if (operands.in(0).type != ElementType::kFloat) return UnimplementedType(operands.in(0).type);
  const Shape& shape = operands.in(0).shape;
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", -1), shape.size()));
  return ReferenceKernel([in = operands.input<float>(0), out = operands.output<float>(),
                          view = ViewAround(shape, axis)] {
    for (int64_t outer = 0; outer < view.outer; ++outer) {
      for (int64_t inner = 0; inner < view.inner; ++inner) {
        const int64_t first = outer * view.axis * view.inner + inner;
        SoftmaxLine(in + first, out + first, view.axis, view.inner);
      }
    }
  });
}

}  // namespace tinyjoule
