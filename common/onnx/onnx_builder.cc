// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/onnx_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

constexpr int64_t kOpset = 13;
constexpr int64_t kIrVersion = 7;

onnx::AttributeProto NamedAttribute(absl::string_view name,
                                    onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto attribute;
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

void DescribeValue(absl::string_view name, absl::Span<const int64_t> shape,
                   onnx::TensorProto::DataType type, onnx::ValueInfoProto* value) {
  value->set_name(std::string(name));
  auto* tensor_type = value->mutable_type()->mutable_tensor_type();
  tensor_type->set_elem_type(type);
  auto* dims = tensor_type->mutable_shape();
  for (const int64_t dim : shape) {
    if (dim < 0) {
      dims->add_dim()->set_dim_param("N");
    } else {
      dims->add_dim()->set_dim_value(dim);
    }
  }
}

template <typename T>
void SetRawData(absl::Span<const T> values, onnx::TensorProto* tensor) {
  tensor->set_raw_data(values.data(), values.size() * sizeof(T));
}

}  // namespace

onnx::AttributeProto IntAttribute(absl::string_view name, int64_t value) {
  onnx::AttributeProto attribute = NamedAttribute(name, onnx::AttributeProto::INT);
  attribute.set_i(value);
  return attribute;
}

onnx::AttributeProto FloatAttribute(absl::string_view name, float value) {
  onnx::AttributeProto attribute = NamedAttribute(name, onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
  return attribute;
}

onnx::AttributeProto StringAttribute(absl::string_view name, absl::string_view value) {
  onnx::AttributeProto attribute = NamedAttribute(name, onnx::AttributeProto::STRING);
  attribute.set_s(std::string(value));
  return attribute;
}

onnx::AttributeProto IntsAttribute(absl::string_view name, absl::Span<const int64_t> values) {
  onnx::AttributeProto attribute = NamedAttribute(name, onnx::AttributeProto::INTS);
  attribute.mutable_ints()->Assign(values.begin(), values.end());
  return attribute;
}

OnnxBuilder::OnnxBuilder(absl::string_view graph_name) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("tinyjoule");
  model_.set_producer_version(TINYJOULE_VERSION);
  onnx::OperatorSetIdProto* opset = model_.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  model_.mutable_graph()->set_name(std::string(graph_name));
}

void OnnxBuilder::AddInput(absl::string_view name, absl::Span<const int64_t> shape,
                           onnx::TensorProto::DataType type) {
  DescribeValue(name, shape, type, model_.mutable_graph()->add_input());
}

void OnnxBuilder::AddOutput(absl::string_view name, absl::Span<const int64_t> shape,
                            onnx::TensorProto::DataType type) {
  DescribeValue(name, shape, type, model_.mutable_graph()->add_output());
}

onnx::TensorProto* OnnxBuilder::NewInitializer(absl::string_view name,
                                               absl::Span<const int64_t> shape,
                                               onnx::TensorProto::DataType type) {
  onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(std::string(name));
  tensor->set_data_type(type);
  tensor->mutable_dims()->Assign(shape.begin(), shape.end());
  return tensor;
}

void OnnxBuilder::AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                 absl::Span<const float> values) {
  SetRawData(values, NewInitializer(name, shape, onnx::TensorProto::FLOAT));
}

void OnnxBuilder::AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                 absl::Span<const HalfFloat> values) {
  SetRawData(values, NewInitializer(name, shape, onnx::TensorProto::FLOAT16));
}

void OnnxBuilder::AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                 absl::Span<const int8_t> values) {
  SetRawData(values, NewInitializer(name, shape, onnx::TensorProto::INT8));
}

void OnnxBuilder::AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                 absl::Span<const uint8_t> values) {
  SetRawData(values, NewInitializer(name, shape, onnx::TensorProto::UINT8));
}

void OnnxBuilder::AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                 absl::Span<const int32_t> values) {
  SetRawData(values, NewInitializer(name, shape, onnx::TensorProto::INT32));
}

void OnnxBuilder::AddInitializer(absl::string_view name, absl::Span<const int64_t> shape,
                                 absl::Span<const int64_t> values) {
  SetRawData(values, NewInitializer(name, shape, onnx::TensorProto::INT64));
}

void OnnxBuilder::AddNode(absl::string_view op_type, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs,
                          const std::vector<onnx::AttributeProto>& attributes) {
  onnx::GraphProto* graph = model_.mutable_graph();
  const int place = graph->node_size();
  onnx::NodeProto* node = graph->add_node();
  node->set_op_type(std::string(op_type));
  node->set_name(absl::StrCat(op_type, "_", place));
  for (const std::string& input : inputs) node->add_input(input);
  for (const std::string& output : outputs) node->add_output(output);
  for (const onnx::AttributeProto& attribute : attributes) *node->add_attribute() = attribute;
}

void OnnxBuilder::SetMetadata(absl::string_view key, absl::string_view value) {
  onnx::StringStringEntryProto* entry = model_.add_metadata_props();
  entry->set_key(std::string(key));
  entry->set_value(std::string(value));
}

onnx::ModelProto OnnxBuilder::Build() { return std::move(model_); }

std::string MetadataValue(const onnx::ModelProto& model, absl::string_view key) {
  for (const onnx::StringStringEntryProto& entry : model.metadata_props()) {
    if (entry.key() == key) return entry.value();
  }
  return "";
}

}  // namespace tinyjoule
