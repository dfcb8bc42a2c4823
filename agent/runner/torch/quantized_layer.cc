// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/torch/quantized_layer.h"

#include <algorithm>
#include <cmath>

#include "absl/types/span.h"

namespace tinyjoule {
namespace {

const GraphNode* ProducerOf(const OnnxGraph& graph, int value) {
  const int producer = value < 0 ? -1 : graph.value(value).producer;
  return producer < 0 ? nullptr : &graph.node(producer);
}

// The node that alone reads the value; null: none, several, or the model's output.
const GraphNode* OnlyReaderOf(const OnnxGraph& graph, int value) {
  const std::vector<int>& readers = graph.value(value).consumers;
  if (value == graph.output() || readers.size() != 1) return nullptr;
  return &graph.node(readers[0]);
}

bool IsUsableScale(float scale) { return std::isnormal(scale) && scale > 0; }

bool IsEightBit(ElementType type) {
  return type == ElementType::kInt8 || type == ElementType::kUint8;
}

std::optional<int32_t> ZeroPointOf(const OnnxGraph& graph, int value) {
  if (value < 0) return 0;
  const GraphValue& zero_point = graph.value(value);
  if (!zero_point.constant || zero_point.size() != 1) return std::nullopt;
  if (zero_point.type == ElementType::kInt8) return zero_point.elements<int8_t>()[0];
  if (zero_point.type == ElementType::kUint8) return zero_point.elements<uint8_t>()[0];
  return std::nullopt;
}

// The DequantizeLinear of int8 constants that the node takes as its weights; null: none.
const GraphNode* WeightDequantizationOf(const OnnxGraph& graph, const GraphNode& node) {
  const GraphNode* const dequantize = ProducerOf(graph, node.input(1));
  if (dequantize == nullptr || dequantize->op_type != "DequantizeLinear") return nullptr;
  const GraphValue& weights = graph.value(dequantize->inputs[0]);
  return weights.constant && weights.type == ElementType::kInt8 ? dequantize : nullptr;
}

// Symmetric: every zero point is 0, one scale for all or one for each output.
bool ReadWeights(const OnnxGraph& graph, const GraphNode& dequantize, QuantizedLayer* layer) {
  layer->weights = dequantize.inputs[0];
  const GraphValue& scales = graph.value(dequantize.inputs[1]);
  if (!scales.constant || (scales.size() > 1 && dequantize.Int("axis", 1) != 0)) return false;
  for (const float scale : scales.elements<float>()) {
    if (!IsUsableScale(scale)) return false;
    layer->weight_scales.push_back(scale);
  }
  if (dequantize.input(2) < 0) return true;
  const GraphValue& zeros = graph.value(dequantize.input(2));
  return zeros.constant &&
         std::all_of(zeros.data.begin(), zeros.data.end(), [](uint8_t zero) { return zero == 0; });
}

bool ReadWindow(const OnnxGraph& graph, QuantizedLayer* layer) {
  const GraphNode& conv = *layer->core;
  const Shape& input = graph.value(conv.inputs[0]).shape;
  const Shape& weights = graph.value(conv.inputs[1]).shape;
  auto window = SlidingWindowOf(conv, absl::MakeConstSpan(input).subspan(2),
                                absl::MakeConstSpan(weights).subspan(2));
  if (!window.ok() || window->kernel.size() > 2 || window->pads_begin != window->pads_end) {
    return false;
  }
  layer->window = *std::move(window);
  layer->groups = conv.Int("group", 1);
  return true;
}

// x W^T + bias as it stands.
bool IsPlainGemm(const OnnxGraph& graph, const GraphNode& gemm) {
  const int bias = gemm.input(2);
  const int64_t outputs = graph.value(gemm.inputs[1]).shape[0];
  return gemm.Int("transA", 0) == 0 && gemm.Int("transB", 0) != 0 && gemm.Float("alpha", 1) == 1 &&
         gemm.Float("beta", 1) == 1 && (bias < 0 || graph.value(bias).shape == Shape{outputs});
}

bool ReadEnd(const OnnxGraph& graph, QuantizedLayer* layer) {
  const GraphNode* reader = OnlyReaderOf(graph, layer->core->outputs[0]);
  if (reader != nullptr && reader->op_type == "Relu") {
    layer->relu = reader;
    reader = OnlyReaderOf(graph, reader->outputs[0]);
  }
  if (reader == nullptr || reader->op_type != "QuantizeLinear") return false;
  const auto output = ActivationQuantizationOf(graph, *reader);
  if (!output.has_value()) return false;
  layer->quantize = reader;
  layer->output = *output;
  return true;
}

}  // namespace

std::optional<ActivationQuantization> ActivationQuantizationOf(const OnnxGraph& graph,
                                                               const GraphNode& node) {
  const bool quantizes = node.op_type == "QuantizeLinear";
  const GraphValue& steps = graph.value(quantizes ? node.outputs[0] : node.inputs[0]);
  const GraphValue& scale = graph.value(node.inputs[1]);
  const std::optional<int32_t> zero_point = ZeroPointOf(graph, node.input(2));
  if (graph.value(node.inputs[0]).constant || !IsEightBit(steps.type) || !scale.constant ||
      scale.size() != 1 || !zero_point.has_value()) {
    return std::nullopt;
  }
  const ActivationQuantization result = {scale.elements<float>()[0], *zero_point, steps.type};
  return IsUsableScale(result.scale) ? std::make_optional(result) : std::nullopt;
}

std::optional<QuantizedLayer> QuantizedLayerAt(const OnnxGraph& graph, const GraphNode& core) {
  if (core.op_type != "Conv" && core.op_type != "Gemm") return std::nullopt;
  const GraphNode* const dequantize = WeightDequantizationOf(graph, core);
  if (dequantize == nullptr) return std::nullopt;
  QuantizedLayer layer;
  layer.core = &core;
  layer.bias = core.input(2);
  if (!ReadWeights(graph, *dequantize, &layer) || !ReadEnd(graph, &layer)) return std::nullopt;
  const bool fits = layer.is_conv() ? ReadWindow(graph, &layer) : IsPlainGemm(graph, core);
  return fits ? std::make_optional(std::move(layer)) : std::nullopt;
}

bool HasQuantizedWeights(const OnnxGraph& graph, const GraphNode& node) {
  return (node.op_type == "Conv" || node.op_type == "Gemm" || node.op_type == "MatMul") &&
         WeightDequantizationOf(graph, node) != nullptr;
}

}  // namespace tinyjoule
