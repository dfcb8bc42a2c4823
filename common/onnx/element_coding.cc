// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/element_coding.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

absl::Status Refused(const GraphValue& value, absl::string_view why) {
  return absl::UnimplementedError(absl::StrCat("the model's '", value.name, "' is ",
                                               ElementTypeName(value.type), why,
                                               "; float32, and int8 between DequantizeLinear and "
                                               "QuantizeLinear, are possible"));
}

// From the constants of a QuantizeLinear or DequantizeLinear at the end `value` of the graph.
absl::StatusOr<ElementCoding> CodingOf(const OnnxGraph& graph, const GraphValue& value,
                                       const GraphNode& node) {
  const GraphValue& scale = graph.value(node.input(1));
  if (!scale.constant || scale.size() != 1) return Refused(value, " without a constant scale");
  ElementCoding coding;
  coding.type = ElementType::kInt8;
  coding.scale = scale.elements<float>()[0];
  if (!(coding.scale > 0) || !std::isfinite(coding.scale)) {
    return Refused(value, absl::StrCat(" with scale ", coding.scale));
  }
  if (node.input(2) < 0) return coding;
  const GraphValue& zero_point = graph.value(node.input(2));
  if (!zero_point.constant) return Refused(value, " without a constant zero point");
  coding.zero_point = zero_point.elements<int8_t>()[0];
  return coding;
}

}  // namespace

absl::StatusOr<ElementCoding> InputCodingOf(const OnnxGraph& graph) {
  const GraphValue& input = graph.value(graph.input());
  if (input.type == ElementType::kFloat) return ElementCoding{};
  if (input.type != ElementType::kInt8) return Refused(input, "");
  ElementCoding coding;
  for (const int consumer : input.consumers) {
    const GraphNode& reader = graph.node(consumer);
    if (reader.op_type != "DequantizeLinear") {
      return Refused(input, absl::StrCat(" and read by ", reader.Describe()));
    }
    TJ_ASSIGN_OR_RETURN(coding, CodingOf(graph, input, reader));
  }
  if (input.consumers.size() == 1) return coding;
  return Refused(input, absl::StrCat(" and has ", input.consumers.size(), " readers"));
}

absl::StatusOr<ElementCoding> OutputCodingOf(const OnnxGraph& graph) {
  const GraphValue& output = graph.value(graph.output());
  if (output.type == ElementType::kFloat) return ElementCoding{};
  const bool made = output.type == ElementType::kInt8 && output.producer >= 0 &&
                    graph.node(output.producer).op_type == "QuantizeLinear";
  if (!made) return Refused(output, "");
  return CodingOf(graph, output, graph.node(output.producer));
}

void EncodeElements(const ElementCoding& coding, absl::Span<const float> values, void* elements) {
  if (coding.type == ElementType::kFloat) {
    std::copy(values.begin(), values.end(), static_cast<float*>(elements));
    return;
  }
  std::transform(values.begin(), values.end(), static_cast<int8_t*>(elements), [&](float value) {
    const float steps = std::nearbyint(value / coding.scale) + coding.zero_point;
    return static_cast<int8_t>(std::clamp(steps, -128.0F, 127.0F));
  });
}

void DecodeElements(const ElementCoding& coding, const void* elements, absl::Span<float> values) {
  if (coding.type == ElementType::kFloat) {
    std::copy_n(static_cast<const float*>(elements), values.size(), values.begin());
    return;
  }
  std::transform(static_cast<const int8_t*>(elements),
                 static_cast<const int8_t*>(elements) + values.size(), values.begin(),
                 [&](int8_t element) {
                   return coding.scale * static_cast<float>(element - coding.zero_point);
                 });
}

}  // namespace tinyjoule
