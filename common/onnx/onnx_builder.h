// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_ONNX_BUILDER_H_
#define COMMON_ONNX_ONNX_BUILDER_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/onnx/half_float.h"

namespace tinyjoule {

// Attributes of a node.
onnx::AttributeProto IntAttribute(absl::string_view name, int64_t value);
onnx::AttributeProto FloatAttribute(absl::string_view name, float value);
onnx::AttributeProto StringAttribute(absl::string_view name, absl::string_view value);
onnx::AttributeProto IntsAttribute(absl::string_view name, absl::Span<const int64_t> values);

// Puts an ONNX model together: opset 13, IR version 7, producer "tinyjoule" and its version. The
// same calls in the same order give the same bytes.
//
//   1. Add inputs, initialisers, nodes (in topological order), outputs and metadata, in any mix.
//   2. Build(), once, last.
//
// Checks nothing: OnnxGraph::Create (onnx_graph.h) tells whether the model is sound.
class OnnxBuilder {
 public:
  explicit OnnxBuilder(absl::string_view graph_name);

  // Shapes: -1 is the symbolic batch dimension "N". Element type: float32 unless said otherwise.
  void AddInput(absl::string_view name, absl::Span<const int64_t> shape,
                onnx::TensorProto::DataType type = onnx::TensorProto::FLOAT);
  void AddOutput(absl::string_view name, absl::Span<const int64_t> shape,
                 onnx::TensorProto::DataType type = onnx::TensorProto::FLOAT);

  // Constants, row-major, as many values as the shape says. An empty shape is a scalar.
  void AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                      absl::Span<const float> values);
  void AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                      absl::Span<const int8_t> values);
  void AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                      absl::Span<const uint8_t> values);
  void AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                      absl::Span<const int32_t> values);
  void AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                      absl::Span<const int64_t> values);
  // Numbers that are stored in 16 bits; read by Cast.
  void AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                      absl::Span<const HalfFloat> values);
  // A scalar of float, int8_t, uint8_t, int32_t or int64_t.
  template <typename T>
  void AddScalar(absl::string_view name, T value) {
    AddInitializer(name, {}, absl::Span<const T>(&value, 1));
  }

  // The node is named after its operator and its place: "Gemm_3". An empty input name is an
  // absent optional input.
  void AddNode(absl::string_view op_type, const std::vector<std::string>& inputs,
               const std::vector<std::string>& outputs,
               const std::vector<onnx::AttributeProto>& attributes = {});

  // One entry of the model's metadata_props.
  void SetMetadata(absl::string_view key, absl::string_view value);

  onnx::ModelProto Build();

 private:
  onnx::TensorProto* NewInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                    onnx::TensorProto::DataType type);

  onnx::ModelProto model_;
};

// The value of a metadata key; empty when it is not there.
std::string MetadataValue(const onnx::ModelProto& model, absl::string_view key);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_ONNX_BUILDER_H_
