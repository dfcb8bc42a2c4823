// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_ENGINE_H_
#define AGENT_RUNNER_XNNPACK_ENGINE_H_

#include <onnx/onnx_pb.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/runner/inference_engine.h"
#include "agent/runner/xnnpack_options.h"
#include "agent/runner/xnnpack_plan.h"
#include "common/onnx/tensor_shape.h"

namespace tinyjoule {

// Runs a model on XNNPACK's operators: float32, and int8 where the graph says it with
// QuantizeLinear and DequantizeLinear. Weights are packed at load in XNNPACK's channels-last order,
// so that the model's own channels-first order costs nothing at run time; Relu, Clip and
// BatchNormalization are folded into the operator before them. A node that XNNPACK cannot do is an
// error, never a silent fallback.
//
// With sparse layers it is the engine "sparse": a float32 Conv, Gemm or MatMul of many zero weights
// is computed from the others alone. With `half` it is "xnnpack_f16": float models are computed in
// float16, weights and activations and sums. version() says how many layers are.
class XnnpackEngine final : public InferenceEngine {
 public:
  // As MakeEngine; FailedPrecondition: this processor has no float16 arithmetic, or XNNPACK none
  // that is right. threads: at least 1.
  static absl::StatusOr<std::unique_ptr<XnnpackEngine>> Create(const onnx::ModelProto& model,
                                                               uint32_t threads,
                                                               XnnOptions options);

  const Shape& input_shape() const override { return input_shape_; }
  const Shape& output_shape() const override { return output_shape_; }
  ElementCoding input_coding() const override { return input_coding_; }
  ElementCoding output_coding() const override { return output_coding_; }
  void Run(const void* input, void* output) override;
  std::string version() const override { return version_; }

 private:
  explicit XnnpackEngine(XnnPlan plan) : plan_(std::move(plan)) {}

  XnnPlan plan_;
  Shape input_shape_;
  Shape output_shape_;
  ElementCoding input_coding_;
  ElementCoding output_coding_;
  Activation input_;
  Activation output_;
  std::string version_;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_ENGINE_H_
