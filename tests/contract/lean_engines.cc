// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_engine.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/onnx_graph.h"
#include "tests/contract/engines_under_test.h"
#include "tests/contract/inference_engine_models.h"

namespace tinyjoule {
namespace {

// A sum of n products in numbers of 11 bits is off by about sqrt(n) / 2^11: here of up to 250.
constexpr float kHalf = 8e-3f;

bool HasHalfArithmetic() {
  return MakeEngine(v1::ENGINE_XNNPACK_F16, 1, MakeTinyMlp(Precision::kFloat32, 1)).ok();
}

}  // namespace

const std::vector<EngineUnderTest>& EnginesUnderTest() {
  static const std::vector<std::string> kByXnnpack = {
      "Abs",       "Add",    "AveragePool", "Clip", "Conv", "Div",       "Flatten",  "Gemm",
      "LeakyRelu", "MatMul", "MaxPool",     "Mul",  "Neg",  "Relu",      "Reshape",  "Sigmoid",
      "Softmax",   "Sqrt",   "Squeeze",     "Sub",  "Tanh", "Transpose", "Unsqueeze"};
  static const auto* const engines = [] {
    auto* const all =
        new std::vector<EngineUnderTest>{{v1::ENGINE_REFERENCE, KnownOperators(), 200},
                                         {v1::ENGINE_XNNPACK, kByXnnpack, 60},
                                         {v1::ENGINE_SPARSE, kByXnnpack, 60}};
    if (HasHalfArithmetic()) all->push_back({v1::ENGINE_XNNPACK_F16, kByXnnpack, 60, kHalf});
    return all;
  }();
  return *engines;
}

absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeEngineUnderTest(
    v1::Engine engine, uint32_t threads, const onnx::ModelProto& model) {
  absl::StatusOr<std::unique_ptr<InferenceEngine>> made = MakeEngine(engine, threads, model);
  if (!made.ok() || engine != v1::ENGINE_SPARSE || IsKnnModel(model)) return made;
  // All layers, however few zeros they have.
  return XnnpackEngine::Create(model, threads, {SparseLayers::kAlways});
}

}  // namespace tinyjoule
