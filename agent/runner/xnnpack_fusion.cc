// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_fusion.h"

#include <algorithm>
#include <string>

#include "absl/algorithm/container.h"

namespace tinyjoule {
namespace {

bool IsOneOf(const GraphNode& node, std::initializer_list<const char*> op_types) {
  return absl::c_linear_search(op_types, node.op_type);
}

// XNNPACK's operators with bounds on their result.
bool TakesClamp(const GraphNode& node) {
  return IsOneOf(node, {"Add", "AveragePool", "BatchNormalization", "Clip", "Conv", "Div", "Gemm",
                        "GlobalAveragePool", "MatMul", "MaxPool", "Mul", "Relu", "Sub"});
}

bool IsClamp(const OnnxGraph& graph, const GraphNode& node) {
  if (node.op_type == "Relu") return true;
  if (node.op_type != "Clip" || graph.value(node.inputs[0]).type != ElementType::kFloat)
    return false;
  const auto constant = [&](int value) { return value < 0 || graph.value(value).constant; };
  return constant(node.input(1)) && constant(node.input(2));
}

Clamp BoundsOf(const OnnxGraph& graph, const GraphNode& node) {
  Clamp clamp;
  if (node.op_type == "Relu") {
    clamp.low = 0;
    return clamp;
  }
  if (node.input(1) >= 0) clamp.low = graph.value(node.input(1)).elements<float>()[0];
  if (node.input(2) >= 0) clamp.high = graph.value(node.input(2)).elements<float>()[0];
  return clamp;
}

// The bounds of `first`, then those of `second`.
Clamp Compose(Clamp first, Clamp second) {
  return {std::min(std::max(first.low, second.low), second.high),
          std::min(std::max(first.high, second.low), second.high)};
}

// The constant that an Add behind a MatMul adds to each row; -1: it does something else.
int BiasOf(const OnnxGraph& graph, const GraphNode& add, const GraphNode& matmul) {
  const int product = matmul.outputs[0];
  const int other = add.input(0) == product ? add.input(1) : add.input(0);
  const GraphNode* const producer = ProducerOf(graph, other);
  const bool dequantized = producer != nullptr && producer->op_type == "DequantizeLinear" &&
                           graph.value(producer->inputs[0]).constant;
  const Shape& shape = graph.value(product).shape;
  const bool fits = !shape.empty() && graph.value(other).size() == shape.back() &&
                    !graph.value(other).shape.empty() &&
                    graph.value(other).shape.back() == shape.back();
  return fits && (graph.value(other).constant || dequantized) ? other : -1;
}

// Whether a real value lies in memory as int8: dequantised, and perhaps moved since.
bool LiesInInt8(const OnnxGraph& graph, int value) {
  const GraphNode* producer = ProducerOf(graph, value);
  while (producer != nullptr &&
         IsOneOf(*producer, {"Dropout", "Flatten", "Identity", "MaxPool", "Relu", "Reshape",
                             "Squeeze", "Transpose", "Unsqueeze"})) {
    producer = ProducerOf(graph, producer->inputs[0]);
  }
  if (producer == nullptr || producer->op_type != "DequantizeLinear") return false;
  // Steps that are known at load.
  const GraphNode* const maker = ProducerOf(graph, producer->inputs[0]);
  const bool dynamic = maker != nullptr && maker->op_type == "DynamicQuantizeLinear";
  return !dynamic && !graph.value(producer->inputs[0]).constant;
}

// Whether XNNPACK has the core in int8, between DequantizeLinear and QuantizeLinear.
bool HasInt8Form(const OnnxGraph& graph, const GraphNode& core) {
  if (!LiesInInt8(graph, core.input(0))) return false;
  if (IsOneOf(core, {"Conv", "Gemm", "GlobalAveragePool", "MatMul"})) return true;
  return core.op_type == "Add" && LiesInInt8(graph, core.input(1));
}

bool Folds(const OnnxGraph& graph, const GraphNode& node, const GraphNode& reader) {
  if (node.op_type == "DequantizeLinear" || reader.input(0) != node.outputs[0]) {
    return reader.op_type == "Add" && node.op_type == "MatMul" && BiasOf(graph, reader, node) >= 0;
  }
  if (IsClamp(graph, reader)) return TakesClamp(node);
  if (reader.op_type == "BatchNormalization") return node.op_type == "Conv";
  if (reader.op_type == "Add") {
    return node.op_type == "MatMul" && BiasOf(graph, reader, node) >= 0;
  }
  if (reader.op_type != "QuantizeLinear") return false;
  return HasInt8Form(graph, *FuseNodesEndingAt(graph, node).core);
}

}  // namespace

const GraphNode* ProducerOf(const OnnxGraph& graph, int value) {
  const int producer = value < 0 ? -1 : graph.value(value).producer;
  return producer < 0 ? nullptr : &graph.node(producer);
}

bool IsFoldedIntoReader(const OnnxGraph& graph, const GraphNode& node) {
  const int result = node.outputs[0];
  const GraphValue& value = graph.value(result);
  if (result == graph.output() || value.consumers.size() != 1) return false;
  return Folds(graph, node, graph.node(value.consumers[0]));
}

FusedNodes FuseNodesEndingAt(const OnnxGraph& graph, const GraphNode& last) {
  FusedNodes fused;
  fused.result = last.outputs[0];
  // Backwards over what is folded, the last operator first.
  const GraphNode* node = &last;
  while (true) {
    const GraphNode* before = ProducerOf(graph, node->input(0));
    if (node->op_type == "Add" && (before == nullptr || before->op_type != "MatMul")) {
      before = ProducerOf(graph, node->input(1));
    }
    if (before == nullptr || !IsFoldedIntoReader(graph, *before)) break;
    if (node->op_type == "QuantizeLinear") {
      fused.quantize = node;
    } else if (node->op_type == "BatchNormalization") {
      fused.normalization = node;
    } else if (node->op_type == "Add") {
      fused.bias = BiasOf(graph, *node, *before);
    } else {
      fused.clamp = Compose(BoundsOf(graph, *node), fused.clamp);
    }
    node = before;
  }
  fused.core = node;
  if (IsClamp(graph, *node)) fused.clamp = Compose(BoundsOf(graph, *node), fused.clamp);
  return fused;
}

}  // namespace tinyjoule
