// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_MODEL_VALIDATION_H_
#define COMMON_ONNX_MODEL_VALIDATION_H_

#include <onnx/onnx_pb.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tinyjoule {

// Whether a model from anyone is sound: an operator set of 13 or later, constants whose data fill
// their shapes, every name made once and before it is read, no cycle, no external data, no
// sub-graphs. InvalidArgument, with the name of what is wrong. What the operators mean is not
// looked at here but in OnnxGraph::Create.
[[nodiscard]] absl::Status ValidateModel(const onnx::ModelProto& model);

// Indices of the nodes such that each comes after those it reads from; the file's own order where
// that is free. InvalidArgument: a cycle.
absl::StatusOr<std::vector<int>> TopologicalOrder(const onnx::GraphProto& graph);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_MODEL_VALIDATION_H_
