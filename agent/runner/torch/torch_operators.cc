// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/torch/torch_operators.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/runner/torch/torch_steps.h"

namespace tinyjoule {
namespace {

using StepMaker = absl::StatusOr<TorchStep> (*)(const TorchOperands&);

const std::map<std::string, StepMaker>& StepMakers() {
  static const auto* const makers = new std::map<std::string, StepMaker>{
      {"Abs", MakeUnary},
      {"Add", MakeBinary},
      {"ArgMax", MakeArgMax},
      {"AveragePool", MakeAveragePool},
      {"BatchNormalization", MakeBatchNormalization},
      {"Cast", MakeCast},
      {"Clip", MakeClip},
      {"Concat", MakeConcat},
      {"Conv", MakeConv},
      {"DequantizeLinear", MakeDequantize},
      {"Div", MakeBinary},
      {"Dropout", MakeIdentity},
      {"DynamicQuantizeLinear", MakeDynamicQuantize},
      {"Equal", MakeBinary},
      {"Exp", MakeUnary},
      {"Flatten", MakeReshape},
      {"Gather", MakeGather},
      {"Gemm", MakeGemm},
      {"GlobalAveragePool", MakeGlobalPool},
      {"GlobalMaxPool", MakeGlobalPool},
      {"Greater", MakeBinary},
      {"Identity", MakeIdentity},
      {"LeakyRelu", MakeLeakyRelu},
      {"Less", MakeBinary},
      {"Log", MakeUnary},
      {"MatMul", MakeMatMul},
      {"Max", MakeExtreme},
      {"MaxPool", MakeMaxPool},
      {"Min", MakeExtreme},
      {"Mul", MakeBinary},
      {"Neg", MakeUnary},
      {"Pow", MakeBinary},
      {"QuantizeLinear", MakeQuantize},
      {"Reciprocal", MakeUnary},
      {"ReduceMax", MakeReduce},
      {"ReduceMean", MakeReduce},
      {"ReduceMin", MakeReduce},
      {"ReduceSum", MakeReduce},
      {"Relu", MakeUnary},
      {"Reshape", MakeReshape},
      {"Sigmoid", MakeUnary},
      {"Softmax", MakeSoftmax},
      {"Sqrt", MakeUnary},
      {"Squeeze", MakeReshape},
      {"Sub", MakeBinary},
      {"Tanh", MakeUnary},
      {"TopK", MakeTopK},
      {"Transpose", MakeTranspose},
      {"Unsqueeze", MakeReshape},
      {"Where", MakeWhere},
  };
  return *makers;
}

}  // namespace

absl::StatusOr<TorchStep> MakeTorchStep(const TorchOperands& operands) {
  const auto maker = StepMakers().find(operands.node().op_type);
  if (maker != StepMakers().end()) return maker->second(operands);
  return absl::UnimplementedError("the torch engine has no such operator");
}

absl::Status UnimplementedElements(ElementType type) {
  return absl::UnimplementedError(absl::StrCat("elements of ", ElementTypeName(type)));
}

int64_t UnsignedZeroPoint(const ActivationQuantization& quantization) {
  return quantization.zero_point + (quantization.type == ElementType::kInt8 ? 128 : 0);
}

}  // namespace tinyjoule
