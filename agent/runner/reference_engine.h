// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_REFERENCE_ENGINE_H_
#define AGENT_RUNNER_REFERENCE_ENGINE_H_

#include <onnx/onnx_pb.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/runner/inference_engine.h"
#include "agent/runner/reference_kernels.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// Every operator as a plain loop, one after another, in the words of ONNX's specification: what the
// other engines are checked against. Nothing is fused; every value has a buffer of its own.
class ReferenceEngine final : public InferenceEngine {
 public:
  static absl::StatusOr<std::unique_ptr<ReferenceEngine>> Create(const onnx::ModelProto& model);

  const Shape& input_shape() const override { return graph_.value(graph_.input()).shape; }
  const Shape& output_shape() const override { return graph_.value(graph_.output()).shape; }
  void Run(const float* input, float* output) override;
  std::string version() const override;

 private:
  explicit ReferenceEngine(OnnxGraph graph) : graph_(std::move(graph)) {}
  [[nodiscard]] absl::Status Prepare();
  KernelOperands OperandsOf(const GraphNode& node);

  OnnxGraph graph_;
  // One per value of the graph; empty for constants.
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<ReferenceKernel> kernels_;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_REFERENCE_ENGINE_H_
