// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CONTRACT_ENGINES_UNDER_TEST_H_
#define TESTS_CONTRACT_ENGINES_UNDER_TEST_H_

#include <ostream>
#include <string>
#include <vector>

#include "agent/runner/inference_engine.h"

namespace tinyjoule {

// The suites of InferenceEngine are linked into one test program per runner: lean_engines.cc and
// torch_engines.cc say what is tested there.
struct EngineUnderTest {
  v1::Engine kind;
  // Operators of which the engine must pass at least one of ONNX's tests each.
  std::vector<std::string> operators;
  // How many of ONNX's tests it must pass at least.
  int passed_tests;
  // How far results of float32 models may be from the right ones, where those are about 1.
  float tolerance = 1e-5f;

  // For the names of tests.
  friend std::ostream& operator<<(std::ostream& out, const EngineUnderTest& engine) {
    return out << v1::Engine_Name(engine.kind);
  }
};

const std::vector<EngineUnderTest>& EnginesUnderTest();

// Any engine under test, and the reference engine.
absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeEngineUnderTest(v1::Engine engine,
                                                                     uint32_t threads,
                                                                     const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // TESTS_CONTRACT_ENGINES_UNDER_TEST_H_
