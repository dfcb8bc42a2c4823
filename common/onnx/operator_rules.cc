// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/operator_rules.h"

#include <algorithm>
#include <map>

#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

constexpr size_t kManyInputs = 1024;

using RuleMap = std::map<std::string, OperatorRule, std::less<>>;

RuleMap MakeRules() {
  const std::vector<std::string> window = {"auto_pad", "dilations", "kernel_shape", "pads",
                                           "strides"};
  RuleMap rules;
  for (const char* unary :
       {"Abs", "Exp", "Identity", "Log", "Neg", "Reciprocal", "Relu", "Sigmoid", "Sqrt", "Tanh"}) {
    rules[unary] = {1, 1, 1, {}, InferSameAsInput};
  }
  rules["LeakyRelu"] = {1, 1, 1, {"alpha"}, InferSameAsInput};
  rules["Dropout"] = {1, 3, 2, {"seed"}, InferDropout};
  rules["Softmax"] = {1, 1, 1, {"axis"}, InferSoftmax};
  rules["Clip"] = {1, 3, 1, {}, InferClip};
  rules["Cast"] = {1, 1, 1, {"to"}, InferCast};
  for (const char* binary : {"Add", "Div", "Mul", "Pow", "Sub"}) {
    rules[binary] = {2, 2, 1, {}, InferBroadcast};
  }
  for (const char* variadic : {"Max", "Min"}) {
    rules[variadic] = {1, kManyInputs, 1, {}, InferBroadcast};
  }
  for (const char* comparison : {"Equal", "Greater", "Less"}) {
    rules[comparison] = {2, 2, 1, {}, InferComparison};
  }
  rules["Where"] = {3, 3, 1, {}, InferWhere};
  rules["QuantizeLinear"] = {2, 3, 1, {"axis"}, InferQuantizeLinear};
  rules["DynamicQuantizeLinear"] = {1, 1, 3, {}, InferDynamicQuantizeLinear};
  rules["DequantizeLinear"] = {2, 3, 1, {"axis"}, InferDequantizeLinear};

  rules["Flatten"] = {1, 1, 1, {"axis"}, InferFlatten};
  rules["Reshape"] = {2, 2, 1, {"allowzero"}, InferReshape};
  rules["Transpose"] = {1, 1, 1, {"perm"}, InferTranspose};
  rules["Squeeze"] = {1, 2, 1, {"axes"}, InferSqueeze};
  rules["Unsqueeze"] = {1, 2, 1, {"axes"}, InferUnsqueeze};
  rules["Concat"] = {1, kManyInputs, 1, {"axis"}, InferConcat};
  rules["Gather"] = {2, 2, 1, {"axis"}, InferGather};
  rules["Shape"] = {1, 1, 1, {"start", "end"}, InferShape};

  rules["Conv"] = {2, 3, 1, window, InferConv};
  rules["Conv"].attributes.push_back("group");
  for (const char* pool : {"AveragePool", "MaxPool"}) {
    rules[pool] = {1, 1, 1, window, InferPool};
    rules[pool].attributes.push_back("ceil_mode");
  }
  rules["AveragePool"].attributes.push_back("count_include_pad");
  rules["MaxPool"].attributes.push_back("storage_order");
  for (const char* pool : {"GlobalAveragePool", "GlobalMaxPool"}) {
    rules[pool] = {1, 1, 1, {}, InferGlobalPool};
  }
  rules["BatchNormalization"] = {
      5, 5, 1, {"epsilon", "momentum", "training_mode"}, InferBatchNormalization};
  rules["Gemm"] = {2, 3, 1, {"alpha", "beta", "transA", "transB"}, InferGemm};
  rules["MatMul"] = {2, 2, 1, {}, InferMatMul};
  for (const char* reduce : {"ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"}) {
    rules[reduce] = {1, 2, 1, {"axes", "keepdims", "noop_with_empty_axes"}, InferReduce};
  }
  rules["ArgMax"] = {1, 1, 1, {"axis", "keepdims", "select_last_index"}, InferArgMax};
  rules["TopK"] = {2, 2, 2, {"axis", "largest", "sorted"}, InferTopK};
  return rules;
}

const RuleMap& Rules() {
  static const RuleMap* const rules = new RuleMap(MakeRules());
  return *rules;
}

}  // namespace

const OperatorRule* FindOperatorRule(absl::string_view op_type) {
  const auto rule = Rules().find(std::string(op_type));
  return rule == Rules().end() ? nullptr : &rule->second;
}

const std::vector<std::string>& KnownOperators() {
  static const std::vector<std::string>* const names = [] {
    auto* all = new std::vector<std::string>{"Constant"};
    for (const auto& [name, rule] : Rules()) all->push_back(name);
    std::sort(all->begin(), all->end());
    return all;
  }();
  return *names;
}

}  // namespace tinyjoule
