// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_FUSION_H_
#define AGENT_RUNNER_XNNPACK_FUSION_H_

#include "agent/runner/xnnpack_operators.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// Nodes that become one XNNPACK operator: a core and what is folded into it.
struct FusedNodes {
  const GraphNode* core = nullptr;
  // A BatchNormalization behind a Conv; null: none.
  const GraphNode* normalization = nullptr;
  // The value that an Add behind a MatMul adds; -1: none.
  int bias = -1;
  Clamp clamp;
  // The QuantizeLinear that ends an int8 operator; null: the result is float32.
  const GraphNode* quantize = nullptr;
  // The value that it all results in.
  int result = -1;
};

// True when `node` is folded into the only node that reads its result.
bool IsFoldedIntoReader(const OnnxGraph& graph, const GraphNode& node);

// The operator that ends with `last`, which is not folded into another.
FusedNodes FuseNodesEndingAt(const OnnxGraph& graph, const GraphNode& last);

// The node whose result the value is; null: none.
const GraphNode* ProducerOf(const OnnxGraph& graph, int value);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_FUSION_H_
