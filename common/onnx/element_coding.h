// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_ELEMENT_CODING_H_
#define COMMON_ONNX_ELEMENT_CODING_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/onnx/onnx_graph.h"
#include "common/onnx/tensor_data.h"

namespace tinyjoule {

// How the elements of a model's input or output stand for numbers: float32 as they are; int8 with
// number = scale x (element - zero point).
struct ElementCoding {
  ElementType type = ElementType::kFloat;
  float scale = 1.0F;
  int8_t zero_point = 0;

  size_t element_size() const { return ElementSize(type); }
};

// As the graph says it: an int8 input is read by DequantizeLinear, an int8 output made by
// QuantizeLinear, each with one constant scale. Unimplemented: anything else that is not float32.
absl::StatusOr<ElementCoding> InputCodingOf(const OnnxGraph& graph);
absl::StatusOr<ElementCoding> OutputCodingOf(const OnnxGraph& graph);

// Numbers to elements, rounded half to even and saturated as by QuantizeLinear, and back.
// `elements` holds as many as there are values.
void EncodeElements(const ElementCoding& coding, absl::Span<const float> values, void* elements);
void DecodeElements(const ElementCoding& coding, const void* elements, absl::Span<float> values);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_ELEMENT_CODING_H_
