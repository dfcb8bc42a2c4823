// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/torch/torch_engine.h"
#include "common/onnx/onnx_graph.h"
#include "tests/contract/engines_under_test.h"

namespace tinyjoule {

const std::vector<EngineUnderTest>& EnginesUnderTest() {
  static const auto* const engines =
      new std::vector<EngineUnderTest>{{v1::ENGINE_TORCH, KnownOperators(), 200}};
  return *engines;
}

absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeEngineUnderTest(
    v1::Engine engine, uint32_t threads, const onnx::ModelProto& model) {
  return engine == v1::ENGINE_TORCH ? MakeTorchEngine(engine, threads, model)
                                    : MakeEngine(engine, threads, model);
}

}  // namespace tinyjoule
