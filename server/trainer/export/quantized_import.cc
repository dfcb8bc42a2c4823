// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

absl::Status Refuse(absl::string_view what) {
  return absl::UnimplementedError(
      absl::StrCat(what, ": only int8 models that were written here can be read again"));
}

template <typename T>
std::vector<T> Elements(const onnx::TensorProto& tensor) {
  std::vector<T> elements(tensor.raw_data().size() / sizeof(T));
  std::memcpy(elements.data(), tensor.raw_data().data(), elements.size() * sizeof(T));
  return elements;
}

// Takes the int8 of an exported network apart from its graph: what is left is a float network whose
// weights are the int8 values as they are.
class QuantizedImport {
 public:
  explicit QuantizedImport(const onnx::ModelProto& model) : model_(model) {
    for (const onnx::TensorProto& tensor : model.graph().initializer()) {
      tensors_[tensor.name()] = &tensor;
    }
  }

  absl::StatusOr<QuantizedNetwork> Run() {
    TJ_RETURN_IF_ERROR(Strip());
    TJ_ASSIGN_OR_RETURN(Network network, ImportNetwork(float_model_));
    QuantizedNetwork quantized;
    quantized.sample_shape = network.sample_shape;
    TJ_ASSIGN_OR_RETURN(quantized.input, StepsOf("input"));
    for (size_t i = 0; i < network.layers.size(); ++i) {
      QuantizedLayer layer;
      // Of a layer that a ReLU follows, the ReLU's.
      const bool relu_follows =
          i + 1 < network.layers.size() && network.layers[i + 1].kind == LayerKind::kRelu;
      TJ_ASSIGN_OR_RETURN(layer.output, StepsOf(absl::StrCat("value_", relu_follows ? i + 1 : i)));
      layer.layer = std::move(network.layers[i]);
      if (layer.layer.HasParameters()) TJ_RETURN_IF_ERROR(TakeParameters(layer));
      quantized.layers.push_back(std::move(layer));
    }
    return quantized;
  }

 private:
  // The graph without the nodes that round and take back.
  absl::Status Strip() {
    float_model_ = model_;
    onnx::GraphProto& graph = *float_model_.mutable_graph();
    graph.clear_node();
    graph.clear_initializer();
    for (const onnx::NodeProto& node : model_.graph().node()) {
      const bool rounds =
          node.op_type() == "QuantizeLinear" || node.op_type() == "DequantizeLinear";
      if (!rounds) {
        onnx::NodeProto& kept = *graph.add_node() = node;
        for (std::string& input : *kept.mutable_input()) input = NameOf(input);
        continue;
      }
      if (node.input_size() < 2 || node.output_size() != 1) return Refuse(node.name());
      const std::string& read = node.input(0);
      alias_[node.output(0)] = NameOf(read);
      if (node.op_type() == "QuantizeLinear") {
        TJ_RETURN_IF_ERROR(TakeSteps(node));
      } else if (const auto stored = tensors_.find(read); stored != tensors_.end()) {
        AddFloats(*stored->second, graph);
      }
    }
    graph.mutable_output(0)->set_name(NameOf(graph.output(0).name()));
    return absl::OkStatus();
  }

  std::string NameOf(const std::string& value) const {
    const auto found = alias_.find(value);
    return found == alias_.end() ? value : found->second;
  }

  absl::Status TakeSteps(const onnx::NodeProto& node) {
    const auto scale = tensors_.find(node.input(1));
    const auto zero_point = tensors_.find(node.input_size() > 2 ? node.input(2) : "");
    if (scale == tensors_.end() || zero_point == tensors_.end()) return Refuse(node.input(0));
    const std::vector<float> scales = Elements<float>(*scale->second);
    const std::vector<int8_t> zero_points = Elements<int8_t>(*zero_point->second);
    if (scales.size() != 1 || zero_points.size() != 1) return Refuse(node.input(0));
    steps_[node.input(0)] = {scales[0], zero_points[0]};
    return absl::OkStatus();
  }

  // Biases in float32 may be rounded: they are read again where they count.
  static void AddFloats(const onnx::TensorProto& stored, onnx::GraphProto& graph) {
    onnx::TensorProto& floats = *graph.add_initializer();
    floats = stored;
    floats.set_data_type(onnx::TensorProto::FLOAT);
    std::vector<float> values;
    if (stored.data_type() == onnx::TensorProto::INT8) {
      for (const int8_t value : Elements<int8_t>(stored)) values.push_back(value);
    } else {
      for (const int32_t value : Elements<int32_t>(stored)) {
        values.push_back(static_cast<float>(value));
      }
    }
    floats.set_raw_data(values.data(), values.size() * sizeof(float));
  }

  absl::StatusOr<Quantization> StepsOf(const std::string& value) const {
    const auto found = steps_.find(value);
    if (found == steps_.end()) return Refuse(absl::StrCat(value, " without steps"));
    return found->second;
  }

  absl::Status TakeParameters(QuantizedLayer& layer) const {
    const auto scale = tensors_.find(layer.layer.name + ".weight_scale");
    const auto bias = tensors_.find(layer.layer.name + ".bias");
    if (scale == tensors_.end() || bias == tensors_.end()) return Refuse(layer.layer.name);
    layer.weight_scale = Elements<float>(*scale->second);
    layer.bias = Elements<int32_t>(*bias->second);
    const size_t channels = layer.layer.bias.size();
    const bool fits = layer.bias.size() == channels &&
                      (layer.weight_scale.size() == 1 || layer.weight_scale.size() == channels);
    if (!fits) return Refuse(layer.layer.name);
    for (const float value : layer.layer.weight) {
      layer.weight.push_back(static_cast<int8_t>(value));
    }
    layer.layer.weight.clear();
    layer.layer.bias.clear();
    return absl::OkStatus();
  }

  const onnx::ModelProto& model_;
  std::map<std::string, const onnx::TensorProto*> tensors_;
  // What a rounded value was before.
  std::map<std::string, std::string> alias_;
  std::map<std::string, Quantization> steps_;
  onnx::ModelProto float_model_;
};

}  // namespace

absl::StatusOr<QuantizedNetwork> ImportQuantizedNetwork(const onnx::ModelProto& model) {
  return QuantizedImport(model).Run();
}

}  // namespace tinyjoule
