// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/model_validation.h"

#include <functional>
#include <queue>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/tensor_data.h"

namespace tinyjoule {
namespace {

constexpr int64_t kFirstOpset = 13;
// Later sets may have changed operators in ways that their attributes do not show.
constexpr int64_t kLastOpset = 21;

bool IsDefaultDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

absl::Status CheckOpset(const onnx::ModelProto& model) {
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
    if (!IsDefaultDomain(opset.domain())) continue;
    if (opset.version() >= kFirstOpset && opset.version() <= kLastOpset) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "operator set ", opset.version(), "; TinyJoule reads ", kFirstOpset, " to ", kLastOpset));
  }
  return absl::InvalidArgumentError("not an ONNX model: it names no operator set");
}

// Collects the names of a graph: each is made once.
class NameTable {
 public:
  absl::Status Add(const std::string& name, absl::string_view kind) {
    if (name.empty()) return absl::InvalidArgumentError(absl::StrCat(kind, " without a name"));
    if (names_.insert(name).second) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(kind, " '", name, "' is given twice"));
  }
  bool Has(const std::string& name) const { return names_.contains(name); }

 private:
  absl::flat_hash_set<std::string> names_;
};

absl::Status CheckNode(const onnx::NodeProto& node) {
  if (!IsDefaultDomain(node.domain())) {
    return absl::InvalidArgumentError(
        absl::StrCat("operator ", node.op_type(), " of the domain '", node.domain(), "'"));
  }
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g() || attribute.graphs_size() > 0) {
      return absl::InvalidArgumentError("it has a sub-graph");
    }
    if (attribute.has_t()) TJ_RETURN_IF_ERROR(CheckTensor(attribute.t()));
  }
  return absl::OkStatus();
}

std::string NodeLabel(const onnx::NodeProto& node) {
  return absl::StrCat("node '", node.name(), "' (", node.op_type(), ")");
}

absl::Status CollectNames(const onnx::GraphProto& graph, NameTable* names) {
  absl::flat_hash_set<std::string> initializers;
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    TJ_RETURN_IF_ERROR(names->Add(tensor.name(), "initializer"));
    initializers.insert(tensor.name());
    const absl::Status status = CheckTensor(tensor);
    if (!status.ok()) {
      return Annotate(status, absl::StrCat("initializer '", tensor.name(), "'"));
    }
  }
  for (const onnx::ValueInfoProto& input : graph.input()) {
    // Up to IR version 3 initialisers were inputs too.
    if (initializers.contains(input.name())) continue;
    TJ_RETURN_IF_ERROR(names->Add(input.name(), "input"));
  }
  for (const onnx::NodeProto& node : graph.node()) {
    const absl::Status status = CheckNode(node);
    if (!status.ok()) return Annotate(status, NodeLabel(node));
    for (const std::string& output : node.output()) {
      if (!output.empty()) TJ_RETURN_IF_ERROR(names->Add(output, "value"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckReferences(const onnx::GraphProto& graph, const NameTable& names) {
  for (const onnx::NodeProto& node : graph.node()) {
    for (const std::string& input : node.input()) {
      if (input.empty() || names.Has(input)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(NodeLabel(node), " reads '", input, "', which nothing makes"));
    }
  }
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (names.Has(output.name())) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("output '", output.name(), "' is made by nothing"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateModel(const onnx::ModelProto& model) {
  TJ_RETURN_IF_ERROR(CheckOpset(model));
  const onnx::GraphProto& graph = model.graph();
  if (graph.sparse_initializer_size() > 0) {
    return absl::InvalidArgumentError("sparse initializers");
  }
  if (model.functions_size() > 0) return absl::InvalidArgumentError("functions of its own");
  if (graph.input_size() == 0 || graph.output_size() == 0) {
    return absl::InvalidArgumentError("not an ONNX model: no input or no output");
  }
  NameTable names;
  TJ_RETURN_IF_ERROR(CollectNames(graph, &names));
  TJ_RETURN_IF_ERROR(CheckReferences(graph, names));
  return TopologicalOrder(graph).status();
}

absl::StatusOr<std::vector<int>> TopologicalOrder(const onnx::GraphProto& graph) {
  absl::flat_hash_map<std::string, int> producers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) {
      if (!output.empty()) producers[output] = i;
    }
  }
  std::vector<int> missing(static_cast<size_t>(graph.node_size()), 0);
  std::vector<std::vector<int>> readers(static_cast<size_t>(graph.node_size()));
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& input : graph.node(i).input()) {
      const auto producer = producers.find(input);
      if (producer == producers.end()) continue;
      readers[static_cast<size_t>(producer->second)].push_back(i);
      ++missing[static_cast<size_t>(i)];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (missing[static_cast<size_t>(i)] == 0) ready.push(i);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    order.push_back(next);
    for (const int reader : readers[static_cast<size_t>(next)]) {
      if (--missing[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (static_cast<int>(order.size()) != graph.node_size()) {
    return absl::InvalidArgumentError("the nodes read one another in a cycle");
  }
  return order;
}

}  // namespace tinyjoule
