// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_INFERENCE_ENGINE_H_
#define AGENT_RUNNER_INFERENCE_ENGINE_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/onnx/element_coding.h"
#include "common/onnx/tensor_shape.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Runs one model, one inference at a time.
//
//   1. MakeEngine() loads the model: everything is checked, packed and allocated there.
//   2. Run(), as often as wanted: allocates nothing, logs nothing, cannot fail.
//   3. The destructor frees all.
//
// Input and output are row-major in ONNX's own layout (channels before space), whatever the model
// computes with inside. One thread at a time; the engine's own threads are its affair.
class InferenceEngine {
 public:
  virtual ~InferenceEngine() = default;

  // Of one inference: the batch dimension is 1.
  virtual const Shape& input_shape() const = 0;
  virtual const Shape& output_shape() const = 0;

  // Float32, unless the model itself takes or gives int8.
  virtual ElementCoding input_coding() const { return {}; }
  virtual ElementCoding output_coding() const { return {}; }

  // Reads ElementCount(input_shape()) elements and writes ElementCount(output_shape()), as the
  // codings say; aligned for their type. The two may not overlap.
  virtual void Run(const void* input, void* output) = 0;

  // The technology and its version, such as "xnnpack 2022-02 (x86-64)". For the record of the run.
  virtual std::string version() const = 0;
};

// InvalidArgument: the model is not sound. Unimplemented: the engine cannot run it, with the node
// and operator that stop it; or the engine is not part of this build. threads: at least 1; the
// reference engine always uses one.
absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeEngine(v1::Engine engine, uint32_t threads,
                                                            const onnx::ModelProto& model);

// MakeEngine, or what another runner program has in its place.
using EngineMaker = absl::StatusOr<std::unique_ptr<InferenceEngine>> (*)(
    v1::Engine engine, uint32_t threads, const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_INFERENCE_ENGINE_H_
