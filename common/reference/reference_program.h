// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_REFERENCE_REFERENCE_PROGRAM_H_
#define COMMON_REFERENCE_REFERENCE_PROGRAM_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/onnx/onnx_graph.h"
#include "common/reference/reference_kernels.h"

namespace tinyjoule {

// A model as plain loops, operator by operator, in the element types of the file: slow, obvious,
// and what everything else is compared with. For one inference at a time.
//
//   1. Create() allocates everything.
//   2. Run(), as often as wanted: allocates nothing, cannot fail.
//
// One thread at a time.
class ReferenceProgram {
 public:
  // InvalidArgument, Unimplemented: as OnnxGraph::Create, or an operator without a kernel, with the
  // node's name.
  static absl::StatusOr<std::unique_ptr<ReferenceProgram>> Create(const onnx::ModelProto& model);
  ReferenceProgram(const ReferenceProgram&) = delete;
  ReferenceProgram& operator=(const ReferenceProgram&) = delete;

  const OnnxGraph& graph() const { return graph_; }
  // Elements of the graph's input and output, row-major. The two may not overlap.
  void Run(const void* input, void* output);

 private:
  explicit ReferenceProgram(OnnxGraph graph) : graph_(std::move(graph)) {}
  [[nodiscard]] absl::Status Prepare();
  KernelOperands OperandsOf(const GraphNode& node);

  OnnxGraph graph_;
  // One per value of the graph; empty for constants.
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<ReferenceKernel> kernels_;
};

}  // namespace tinyjoule

#endif  // COMMON_REFERENCE_REFERENCE_PROGRAM_H_
