// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/reference/reference_program.h"

#include <algorithm>

#include "common/base/status.h"

namespace tinyjoule {

absl::StatusOr<std::unique_ptr<ReferenceProgram>> ReferenceProgram::Create(
    const onnx::ModelProto& model) {
  TJ_ASSIGN_OR_RETURN(OnnxGraph graph, OnnxGraph::Create(model));
  std::unique_ptr<ReferenceProgram> program(new ReferenceProgram(std::move(graph)));
  TJ_RETURN_IF_ERROR(program->Prepare());
  return program;
}

absl::Status ReferenceProgram::Prepare() {
  for (const GraphValue& value : graph_.values()) {
    buffers_.emplace_back(value.constant ? 0 : value.size_bytes());
  }
  for (const GraphNode& node : graph_.nodes()) {
    absl::StatusOr<ReferenceKernel> kernel = MakeReferenceKernel(OperandsOf(node));
    if (!kernel.ok()) return Annotate(kernel.status(), node.Describe());
    kernels_.push_back(*std::move(kernel));
  }
  return absl::OkStatus();
}

KernelOperands ReferenceProgram::OperandsOf(const GraphNode& node) {
  KernelOperands operands;
  operands.shapes.node = &node;
  for (const int input : node.inputs) {
    const GraphValue* value = input < 0 ? nullptr : &graph_.value(input);
    operands.shapes.inputs.push_back(value);
    operands.input_data.push_back(value == nullptr  ? nullptr
                                  : value->constant ? value->data.data()
                                                    : buffers_[static_cast<size_t>(input)].data());
  }
  for (const int output : node.outputs) {
    // The kernels only read what is known of the outputs.
    operands.shapes.outputs.push_back(output < 0 ? nullptr
                                                 : const_cast<GraphValue*>(&graph_.value(output)));
    operands.output_data.push_back(output < 0 ? nullptr
                                              : buffers_[static_cast<size_t>(output)].data());
  }
  return operands;
}

void ReferenceProgram::Run(const void* input, void* output) {
  std::vector<uint8_t>& first = buffers_[static_cast<size_t>(graph_.input())];
  // Not memcpy: a tensor of no elements has no address.
  std::copy_n(static_cast<const uint8_t*>(input), first.size(), first.data());
  for (const ReferenceKernel& kernel : kernels_) kernel();
  const GraphValue& result = graph_.value(graph_.output());
  const uint8_t* data =
      result.constant ? result.data.data() : buffers_[static_cast<size_t>(graph_.output())].data();
  std::copy_n(data, result.size_bytes(), static_cast<uint8_t*>(output));
}

}  // namespace tinyjoule
