// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "common/onnx/half_float.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

constexpr char kCastSuffix[] = "_float32";

std::string HalfBytes(const std::string& floats) {
  std::string halves(floats.size() / 2, '\0');
  for (size_t i = 0; i < floats.size() / sizeof(float); ++i) {
    float value = 0;
    std::memcpy(&value, floats.data() + i * sizeof(value), sizeof(value));
    const HalfFloat half(value);
    std::memcpy(halves.data() + i * sizeof(half), &half, sizeof(half));
  }
  return halves;
}

onnx::NodeProto CastNode(const std::string& name) {
  onnx::NodeProto node;
  node.set_op_type("Cast");
  node.set_name("Cast_" + name);
  node.add_input(name);
  node.add_output(name + kCastSuffix);
  *node.add_attribute() = IntAttribute("to", onnx::TensorProto::FLOAT);
  return node;
}

}  // namespace

onnx::ModelProto ExportNetwork(const HalfNetwork& network) {
  onnx::ModelProto model = ExportNetwork(network.network);
  onnx::GraphProto& graph = *model.mutable_graph();
  std::vector<onnx::NodeProto> nodes;
  std::set<std::string> stored;
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    tensor.set_raw_data(HalfBytes(tensor.raw_data()));
    tensor.set_data_type(onnx::TensorProto::FLOAT16);
    stored.insert(tensor.name());
    nodes.push_back(CastNode(tensor.name()));
  }
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    for (std::string& input : *node.mutable_input()) {
      if (stored.count(input) > 0) input += kCastSuffix;
    }
    nodes.push_back(node);
  }
  graph.clear_node();
  for (onnx::NodeProto& node : nodes) *graph.add_node() = std::move(node);
  return model;
}

}  // namespace tinyjoule
