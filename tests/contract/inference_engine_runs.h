// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CONTRACT_INFERENCE_ENGINE_RUNS_H_
#define TESTS_CONTRACT_INFERENCE_ENGINE_RUNS_H_

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/runner/inference_engine.h"
#include "tests/contract/engines_under_test.h"

namespace tinyjoule {

// The engines under test, and their names, for suites with one instance for each.
inline std::vector<v1::Engine> EngineKinds() {
  std::vector<v1::Engine> kinds;
  for (const EngineUnderTest& engine : EnginesUnderTest()) kinds.push_back(engine.kind);
  return kinds;
}

inline std::string EngineKindName(const ::testing::TestParamInfo<v1::Engine>& kind) {
  return v1::Engine_Name(kind.param);
}

// Null, and a failure of the test, when the engine does not take the model.
inline std::unique_ptr<InferenceEngine> Load(v1::Engine engine, const onnx::ModelProto& model,
                                             uint32_t threads = 1) {
  absl::StatusOr<std::unique_ptr<InferenceEngine>> loaded =
      MakeEngineUnderTest(engine, threads, model);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *std::move(loaded) : nullptr;
}

inline std::vector<float> RunOnce(InferenceEngine& engine, const std::vector<float>& input) {
  std::vector<float> output(static_cast<size_t>(ElementCount(engine.output_shape())), NAN);
  engine.Run(input.data(), output.data());
  return output;
}

// An input with values from -bound to bound.
inline std::vector<float> RandomRow(const InferenceEngine& engine, std::mt19937& random,
                                    float bound) {
  std::uniform_real_distribution<float> distribution(-bound, bound);
  std::vector<float> row(static_cast<size_t>(ElementCount(engine.input_shape())));
  for (float& value : row) value = distribution(random);
  return row;
}

}  // namespace tinyjoule

#endif  // TESTS_CONTRACT_INFERENCE_ENGINE_RUNS_H_
