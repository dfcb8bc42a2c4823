// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "common/reference/reference_kernels.h"

namespace tinyjoule {
namespace {

template <typename T, typename Result, typename Second = T, typename Function>
ReferenceKernel Combine(const KernelOperands& operands, Function function) {
  StridedLoop loop(operands.out().shape);
  loop.AddBroadcast(operands.in(0).shape);
  loop.AddBroadcast(operands.in(1).shape);
  return [loop = std::move(loop), a = operands.input<T>(0), b = operands.input<Second>(1),
          out = operands.output<Result>(), function] {
    loop.Run([&](int64_t index, const auto& offsets) {
      out[index] = function(a[offsets[0]], b[offsets[1]]);
    });
  };
}

// Min and Max of any number of operands: the first, then each further one.
template <typename T, typename Function>
ReferenceKernel Accumulate(const KernelOperands& operands, Function function) {
  std::vector<std::pair<StridedLoop, const T*>> terms;
  for (size_t i = 0; i < operands.shapes.inputs.size(); ++i) {
    StridedLoop loop(operands.out().shape);
    loop.AddBroadcast(operands.in(i).shape);
    terms.emplace_back(std::move(loop), operands.input<T>(i));
  }
  return [terms = std::move(terms), out = operands.output<T>(), function] {
    for (size_t i = 0; i < terms.size(); ++i) {
      const T* const in = terms[i].second;
      terms[i].first.Run([&](int64_t index, const auto& offsets) {
        out[index] = i == 0 ? in[offsets[0]] : function(out[index], in[offsets[0]]);
      });
    }
  };
}

template <typename T>
T Quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    // A division by 0, or of the lowest by -1, must not end the process.
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) {
      return b == 0 ? T{0} : static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(a));
    }
  }
  return static_cast<T>(a / b);
}

// In the unsigned type, where an overflow wraps as ONNX's integers do.
template <typename T, typename Function>
T Wrapping(T a, T b, Function function) {
  if constexpr (std::is_integral_v<T>) {
    using Wide = uint64_t;
    return static_cast<T>(function(static_cast<Wide>(a), static_cast<Wide>(b)));
  } else {
    return function(a, b);
  }
}

template <typename T>
ReferenceKernel MakeArithmetic(const KernelOperands& operands) {
  const std::string& op = operands.node().op_type;
  if (op == "Add") {
    return Combine<T, T>(operands, [](T a, T b) { return Wrapping(a, b, std::plus<>()); });
  }
  if (op == "Sub") {
    return Combine<T, T>(operands, [](T a, T b) { return Wrapping(a, b, std::minus<>()); });
  }
  if (op == "Mul") {
    return Combine<T, T>(operands, [](T a, T b) { return Wrapping(a, b, std::multiplies<>()); });
  }
  if (op == "Div") return Combine<T, T>(operands, Quotient<T>);
  if (op == "Min") return Accumulate<T>(operands, [](T a, T b) { return std::min(a, b); });
  return Accumulate<T>(operands, [](T a, T b) { return std::max(a, b); });
}

// A float to a power of any type.
template <typename Exponent>
ReferenceKernel MakePower(const KernelOperands& operands) {
  return Combine<float, float, Exponent>(operands, [](float base, Exponent exponent) {
    return std::pow(base, static_cast<float>(exponent));
  });
}

template <typename T>
ReferenceKernel MakeComparison(const KernelOperands& operands) {
  const std::string& op = operands.node().op_type;
  if (op == "Equal") return Combine<T, bool>(operands, std::equal_to<T>());
  if (op == "Less") return Combine<T, bool>(operands, std::less<T>());
  return Combine<T, bool>(operands, std::greater<T>());
}

template <typename T>
ReferenceKernel MakeWhere(const KernelOperands& operands) {
  StridedLoop loop(operands.out().shape);
  for (size_t i = 0; i < 3; ++i) loop.AddBroadcast(operands.in(i).shape);
  return [loop = std::move(loop), condition = operands.input<bool>(0), a = operands.input<T>(1),
          b = operands.input<T>(2), out = operands.output<T>()] {
    loop.Run([&](int64_t index, const auto& offsets) {
      out[index] = condition[offsets[0]] ? a[offsets[1]] : b[offsets[2]];
    });
  };
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeBinaryKernel(const KernelOperands& operands) {
  const ElementType type = operands.in(0).type;
  if (operands.node().op_type == "Pow") {
    if (type != ElementType::kFloat) return UnimplementedType(type);
    switch (operands.in(1).type) {
      case ElementType::kFloat:
        return MakePower<float>(operands);
      case ElementType::kInt32:
        return MakePower<int32_t>(operands);
      case ElementType::kInt64:
        return MakePower<int64_t>(operands);
      default:
        return UnimplementedType(operands.in(1).type);
    }
  }
  switch (type) {
    case ElementType::kFloat:
      return MakeArithmetic<float>(operands);
    case ElementType::kInt8:
      return MakeArithmetic<int8_t>(operands);
    case ElementType::kUint8:
      return MakeArithmetic<uint8_t>(operands);
    case ElementType::kInt32:
      return MakeArithmetic<int32_t>(operands);
    case ElementType::kInt64:
      return MakeArithmetic<int64_t>(operands);
    case ElementType::kBool:
    case ElementType::kFloat16:
      break;
  }
  return UnimplementedType(type);
}

absl::StatusOr<ReferenceKernel> MakeComparisonKernel(const KernelOperands& operands) {
  switch (operands.in(0).type) {
    case ElementType::kFloat:
      return MakeComparison<float>(operands);
    case ElementType::kInt32:
      return MakeComparison<int32_t>(operands);
    case ElementType::kInt64:
      return MakeComparison<int64_t>(operands);
    default:
      return UnimplementedType(operands.in(0).type);
  }
}

absl::StatusOr<ReferenceKernel> MakeWhereKernel(const KernelOperands& operands) {
  switch (operands.in(1).type) {
    case ElementType::kFloat:
      return MakeWhere<float>(operands);
    case ElementType::kInt64:
      return MakeWhere<int64_t>(operands);
    default:
      return UnimplementedType(operands.in(1).type);
  }
}

}  // namespace tinyjoule
