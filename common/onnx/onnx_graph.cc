// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/onnx_graph.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/constant_folding.h"
#include "common/onnx/model_validation.h"
#include "common/onnx/shape_inference.h"

namespace tinyjoule {

size_t GraphValue::stored_bytes() const {
  size_t sum = 0;
  for (const auto& [tensor, bytes] : stored) sum += bytes;
  return sum;
}

bool GraphNode::HasAttribute(absl::string_view attribute) const {
  return attributes_.contains(attribute);
}

int64_t GraphNode::Int(absl::string_view attribute, int64_t otherwise) const {
  const auto found = attributes_.find(attribute);
  return found == attributes_.end() ? otherwise : found->second.i();
}

float GraphNode::Float(absl::string_view attribute, float otherwise) const {
  const auto found = attributes_.find(attribute);
  return found == attributes_.end() ? otherwise : found->second.f();
}

std::string GraphNode::String(absl::string_view attribute, absl::string_view otherwise) const {
  const auto found = attributes_.find(attribute);
  return found == attributes_.end() ? std::string(otherwise) : found->second.s();
}

std::vector<int64_t> GraphNode::Ints(absl::string_view attribute,
                                     std::vector<int64_t> otherwise) const {
  const auto found = attributes_.find(attribute);
  if (found == attributes_.end()) return otherwise;
  return {found->second.ints().begin(), found->second.ints().end()};
}

std::vector<std::string> GraphNode::AttributeNames() const {
  std::vector<std::string> names;
  for (const auto& [attribute, value] : attributes_) names.push_back(attribute);
  std::sort(names.begin(), names.end());
  return names;
}

std::string GraphNode::Describe() const { return absl::StrCat(op_type, " node '", name, "'"); }

// Builds an OnnxGraph, node by node in topological order.
class GraphLoader {
 public:
  absl::StatusOr<OnnxGraph> Load(const onnx::ModelProto& model) {
    const onnx::GraphProto& proto = model.graph();
    TJ_RETURN_IF_ERROR(AddInitializers(proto));
    TJ_RETURN_IF_ERROR(AddInput(proto));
    TJ_ASSIGN_OR_RETURN(const std::vector<int> order, TopologicalOrder(proto));
    for (const int index : order) {
      const onnx::NodeProto& node = proto.node(index);
      const absl::Status status = AddNode(node);
      if (!status.ok()) {
        return Annotate(status, absl::StrCat(node.op_type(), " node '", NodeName(node), "'"));
      }
    }
    if (proto.output_size() != 1) {
      return absl::UnimplementedError(
          absl::StrCat("the model has ", proto.output_size(), " outputs; TinyJoule measures one"));
    }
    graph_.output_ = index_.at(proto.output(0).name());
    return std::move(graph_);
  }

 private:
  static const std::string& NodeName(const onnx::NodeProto& node) {
    return node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
  }

  int AddValue(GraphValue value) {
    const int index = static_cast<int>(graph_.values_.size());
    index_[value.name] = index;
    graph_.values_.push_back(std::move(value));
    return index;
  }

  absl::Status AddConstant(const std::string& name, const onnx::TensorProto& tensor) {
    GraphValue value;
    value.name = name;
    value.constant = true;
    value.shape.assign(tensor.dims().begin(), tensor.dims().end());
    TJ_ASSIGN_OR_RETURN(value.type, ElementTypeOf(tensor.data_type()));
    TJ_ASSIGN_OR_RETURN(value.data, TensorBytes(tensor));
    value.stored[name] = value.data.size();
    AddValue(std::move(value));
    return absl::OkStatus();
  }

  absl::Status AddInitializers(const onnx::GraphProto& proto) {
    for (const onnx::TensorProto& tensor : proto.initializer()) {
      TJ_RETURN_IF_ERROR(AddConstant(tensor.name(), tensor));
    }
    return absl::OkStatus();
  }

  absl::Status AddInput(const onnx::GraphProto& proto) {
    for (const onnx::ValueInfoProto& input : proto.input()) {
      if (index_.contains(input.name())) continue;
      if (graph_.input_ >= 0) {
        return absl::UnimplementedError("the model has several inputs; TinyJoule feeds one");
      }
      absl::StatusOr<GraphValue> value = InputValue(input);
      if (!value.ok()) {
        return Annotate(value.status(), absl::StrCat("input '", input.name(), "'"));
      }
      graph_.input_ = AddValue(*std::move(value));
    }
    if (graph_.input_ < 0) return absl::InvalidArgumentError("the model has no input");
    return absl::OkStatus();
  }

  static absl::StatusOr<GraphValue> InputValue(const onnx::ValueInfoProto& input) {
    const onnx::TypeProto::Tensor& type = input.type().tensor_type();
    GraphValue value;
    value.name = input.name();
    TJ_ASSIGN_OR_RETURN(value.type, ElementTypeOf(type.elem_type()));
    for (int i = 0; i < type.shape().dim_size(); ++i) {
      const onnx::TensorShapeProto::Dimension& dim = type.shape().dim(i);
      if (!dim.has_dim_value() && i > 0) {
        return absl::UnimplementedError(
            absl::StrCat("dimension ", i, " is not known; only the first, the batch, may be so"));
      }
      value.shape.push_back(dim.has_dim_value() ? dim.dim_value() : 1);
    }
    TJ_RETURN_IF_ERROR(CheckedElementCount(value.shape).status());
    return value;
  }

  absl::Status AddNode(const onnx::NodeProto& proto) {
    if (proto.op_type() == "Constant") return AddConstantNode(proto);
    GraphNode node;
    node.name = NodeName(proto);
    node.op_type = proto.op_type();
    for (const onnx::AttributeProto& attribute : proto.attribute()) {
      node.attributes_[attribute.name()] = attribute;
    }
    for (const std::string& input : proto.input()) {
      node.inputs.push_back(input.empty() ? -1 : index_.at(input));
    }
    std::vector<GraphValue> results(static_cast<size_t>(proto.output_size()));
    const NodeOperands operands = OperandsOf(proto, node, &results);
    TJ_RETURN_IF_ERROR(InferShapes(operands));
    TJ_RETURN_IF_ERROR(CountElements(results));
    TJ_ASSIGN_OR_RETURN(const bool folded, FoldConstant(operands));
    if (folded) {
      AddValue(std::move(results.front()));
      return absl::OkStatus();
    }
    const int node_index = static_cast<int>(graph_.nodes_.size());
    for (GraphValue& result : results) {
      result.producer = node_index;
      node.outputs.push_back(result.name.empty() ? -1 : AddValue(std::move(result)));
    }
    AddConsumer(node, node_index);
    graph_.nodes_.push_back(std::move(node));
    return absl::OkStatus();
  }

  NodeOperands OperandsOf(const onnx::NodeProto& proto, const GraphNode& node,
                          std::vector<GraphValue>* results) const {
    NodeOperands operands;
    operands.node = &node;
    for (const int input : node.inputs) {
      operands.inputs.push_back(input < 0 ? nullptr : &graph_.value(input));
    }
    for (size_t i = 0; i < results->size(); ++i) {
      GraphValue& result = (*results)[i];
      result.name = proto.output(static_cast<int>(i));
      operands.outputs.push_back(result.name.empty() ? nullptr : &result);
    }
    return operands;
  }

  // A small file must not ask for all memory.
  absl::Status CountElements(const std::vector<GraphValue>& results) {
    for (const GraphValue& result : results) elements_ += result.size();
    if (elements_ <= kMaxElements) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the model's activations have more than ", kMaxElements, " elements"));
  }

  absl::Status AddConstantNode(const onnx::NodeProto& proto) {
    for (const onnx::AttributeProto& attribute : proto.attribute()) {
      if (attribute.name() == "value" && proto.output_size() == 1) {
        return AddConstant(proto.output(0), attribute.t());
      }
    }
    return absl::UnimplementedError("a constant that is not given as a tensor");
  }

  void AddConsumer(const GraphNode& node, int node_index) {
    for (const int input : node.inputs) {
      if (input < 0) continue;
      std::vector<int>& consumers = graph_.values_[static_cast<size_t>(input)].consumers;
      if (consumers.empty() || consumers.back() != node_index) consumers.push_back(node_index);
    }
  }

  OnnxGraph graph_;
  absl::flat_hash_map<std::string, int> index_;
  int64_t elements_ = 0;
};

absl::StatusOr<OnnxGraph> OnnxGraph::Create(const onnx::ModelProto& model) {
  TJ_RETURN_IF_ERROR(ValidateModel(model));
  return GraphLoader().Load(model);
}

}  // namespace tinyjoule
