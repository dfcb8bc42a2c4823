// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_REFERENCE_ENGINE_H_
#define AGENT_RUNNER_REFERENCE_ENGINE_H_

#include <onnx/onnx_pb.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/runner/inference_engine.h"
#include "common/reference/reference_program.h"

namespace tinyjoule {

// Every operator as a plain loop, one after another, in the words of ONNX's specification: what the
// other engines are checked against. Nothing is fused; every value has a buffer of its own.
class ReferenceEngine final : public InferenceEngine {
 public:
  static absl::StatusOr<std::unique_ptr<ReferenceEngine>> Create(const onnx::ModelProto& model);

  const Shape& input_shape() const override { return graph().value(graph().input()).shape; }
  const Shape& output_shape() const override { return graph().value(graph().output()).shape; }
  ElementCoding input_coding() const override { return input_coding_; }
  ElementCoding output_coding() const override { return output_coding_; }
  void Run(const void* input, void* output) override { program_->Run(input, output); }
  std::string version() const override;

 private:
  ReferenceEngine(std::unique_ptr<ReferenceProgram> program, const ElementCoding& input,
                  const ElementCoding& output)
      : program_(std::move(program)), input_coding_(input), output_coding_(output) {}
  const OnnxGraph& graph() const { return program_->graph(); }

  std::unique_ptr<ReferenceProgram> program_;
  ElementCoding input_coding_;
  ElementCoding output_coding_;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_REFERENCE_ENGINE_H_
