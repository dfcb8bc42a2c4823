// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/onnx_graph.h"
#include "tests/contract/engines_under_test.h"

namespace tinyjoule {

const std::vector<EngineUnderTest>& EnginesUnderTest() {
  static const auto* const engines = new std::vector<EngineUnderTest>{
      {v1::ENGINE_REFERENCE, KnownOperators(), 200},
      {v1::ENGINE_XNNPACK,
       {"Abs",       "Add",    "AveragePool", "Clip", "Conv", "Div",       "Flatten",  "Gemm",
        "LeakyRelu", "MatMul", "MaxPool",     "Mul",  "Neg",  "Relu",      "Reshape",  "Sigmoid",
        "Softmax",   "Sqrt",   "Squeeze",     "Sub",  "Tanh", "Transpose", "Unsqueeze"},
       60}};
  return *engines;
}

absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeEngineUnderTest(
    v1::Engine engine, uint32_t threads, const onnx::ModelProto& model) {
  return MakeEngine(engine, threads, model);
}

}  // namespace tinyjoule
