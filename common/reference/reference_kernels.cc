// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/reference/reference_kernels.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

using KernelMaker = absl::StatusOr<ReferenceKernel> (*)(const KernelOperands&);

const std::map<std::string, KernelMaker>& KernelMakers() {
  static const auto* const makers = new std::map<std::string, KernelMaker>{
      {"Abs", MakeUnaryKernel},
      {"Add", MakeBinaryKernel},
      {"ArgMax", MakeArgMaxKernel},
      {"AveragePool", MakePoolKernel},
      {"BatchNormalization", MakeBatchNormalizationKernel},
      {"Cast", MakeCastKernel},
      {"Clip", MakeClipKernel},
      {"Concat", MakeConcatKernel},
      {"Conv", MakeConvKernel},
      {"DequantizeLinear", MakeDequantizeKernel},
      {"Div", MakeBinaryKernel},
      {"Dropout", MakeCopyKernel},
      {"DynamicQuantizeLinear", MakeDynamicQuantizeKernel},
      {"Equal", MakeComparisonKernel},
      {"Exp", MakeUnaryKernel},
      {"Flatten", MakeCopyKernel},
      {"Gather", MakeGatherKernel},
      {"Gemm", MakeGemmKernel},
      {"GlobalAveragePool", MakeGlobalPoolKernel},
      {"GlobalMaxPool", MakeGlobalPoolKernel},
      {"Greater", MakeComparisonKernel},
      {"Identity", MakeCopyKernel},
      {"LeakyRelu", MakeUnaryKernel},
      {"Less", MakeComparisonKernel},
      {"Log", MakeUnaryKernel},
      {"MatMul", MakeMatMulKernel},
      {"Max", MakeBinaryKernel},
      {"MaxPool", MakePoolKernel},
      {"Min", MakeBinaryKernel},
      {"Mul", MakeBinaryKernel},
      {"Neg", MakeUnaryKernel},
      {"Pow", MakeBinaryKernel},
      {"QuantizeLinear", MakeQuantizeKernel},
      {"Reciprocal", MakeUnaryKernel},
      {"ReduceMax", MakeReduceKernel},
      {"ReduceMean", MakeReduceKernel},
      {"ReduceMin", MakeReduceKernel},
      {"ReduceSum", MakeReduceKernel},
      {"Relu", MakeUnaryKernel},
      {"Reshape", MakeCopyKernel},
      {"Sigmoid", MakeUnaryKernel},
      {"Softmax", MakeSoftmaxKernel},
      {"Sqrt", MakeUnaryKernel},
      {"Squeeze", MakeCopyKernel},
      {"Sub", MakeBinaryKernel},
      {"Tanh", MakeUnaryKernel},
      {"TopK", MakeTopKKernel},
      {"Transpose", MakeTransposeKernel},
      {"Unsqueeze", MakeCopyKernel},
      {"Where", MakeWhereKernel},
  };
  return *makers;
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeReferenceKernel(const KernelOperands& operands) {
  const auto maker = KernelMakers().find(operands.node().op_type);
  if (maker != KernelMakers().end()) return maker->second(operands);
  return absl::UnimplementedError("the reference engine has no such operator");
}

absl::Status UnimplementedType(ElementType type) {
  return absl::UnimplementedError(absl::StrCat("elements of ", ElementTypeName(type)));
}

void StridedLoop::AddBroadcast(const Shape& shape) {
  const Shape own = StridesOf(shape);
  Shape strides(shape_.size(), 0);
  const size_t missing = shape_.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1) strides[missing + i] = own[i];
  }
  strides_.push_back(std::move(strides));
}

AxisView ViewAround(const Shape& shape, size_t axis) {
  AxisView view;
  for (size_t i = 0; i < shape.size(); ++i) {
    (i < axis ? view.outer : i == axis ? view.axis : view.inner) *= shape[i];
  }
  return view;
}

}  // namespace tinyjoule
