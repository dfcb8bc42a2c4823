// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_TORCH_TORCH_COMPILER_H_
#define AGENT_RUNNER_TORCH_TORCH_COMPILER_H_

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/runner/torch/torch_operators.h"
#include "common/onnx/element_coding.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// What a compiled model consists of. The tensors stay where they are: the steps refer to them.
struct TorchProgram {
  Shape input_shape;
  Shape output_shape;
  ElementCoding input_coding;
  ElementCoding output_coding;
  // By value of the graph: as the operators give it, and where that is quantised and an operator
  // reads plain elements, the plain form.
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> plain;
  at::Tensor input;
  const at::Tensor* output = nullptr;
  std::vector<TorchStep> steps;
  std::string version;
};

// Every step has run once, on zeros. Without an int8 engine all arithmetic is float32. Keeps
// nothing of the graph. InvalidArgument, Unimplemented, ResourceExhausted: with the node that stops
// it; throws nothing.
absl::StatusOr<std::unique_ptr<TorchProgram>> CompileForTorch(
    const OnnxGraph& graph, std::optional<at::QEngine> int8_engine);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_TORCH_TORCH_COMPILER_H_
