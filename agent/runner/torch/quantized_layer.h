// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_TORCH_QUANTIZED_LAYER_H_
#define AGENT_RUNNER_TORCH_QUANTIZED_LAYER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "common/onnx/onnx_graph.h"
#include "common/onnx/sliding_window.h"

namespace tinyjoule {

// How an activation is int8 (or uint8) in memory: real = scale x (element - zero_point).
struct ActivationQuantization {
  float scale = 0;
  int32_t zero_point = 0;
  ElementType type = ElementType::kInt8;

  friend bool operator==(const ActivationQuantization& a, const ActivationQuantization& b) {
    return a.scale == b.scale && a.zero_point == b.zero_point && a.type == b.type;
  }
  friend bool operator!=(const ActivationQuantization& a, const ActivationQuantization& b) {
    return !(a == b);
  }
};

// Of a QuantizeLinear or DequantizeLinear with one constant scale, positive and finite, over 8-bit
// elements that are no constant; nullopt: anything else.
std::optional<ActivationQuantization> ActivationQuantizationOf(const OnnxGraph& graph,
                                                               const GraphNode& node);

// A Conv or Gemm over int8 weights, and what follows it up to the QuantizeLinear of its result:
// nodes that become one int8 operator.
struct QuantizedLayer {
  const GraphNode* core = nullptr;
  // Null: no ReLU.
  const GraphNode* relu = nullptr;
  const GraphNode* quantize = nullptr;
  ActivationQuantization output;
  // The int8 constant [outputs, ...], with one scale for all or one for each output.
  int weights = -1;
  std::vector<double> weight_scales;
  // The float32 value; -1: none.
  int bias = -1;
  // Conv only.
  SlidingWindow window;
  int64_t groups = 1;

  bool is_conv() const { return core->op_type == "Conv"; }
};

// The layer that begins with `core`; nullopt: none, or one whose form LibTorch's int8 operators do
// not take (three spatial dimensions, padding that differs between the ends, transposed weights).
std::optional<QuantizedLayer> QuantizedLayerAt(const OnnxGraph& graph, const GraphNode& core);

// Whether weights of the node are int8, whatever becomes of them.
bool HasQuantizedWeights(const OnnxGraph& graph, const GraphNode& node);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_TORCH_QUANTIZED_LAYER_H_
