// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/export/layer_operator.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

// Writes the int8 form of a network.
class QuantizedExport {
 public:
  explicit QuantizedExport(const QuantizedNetwork& network)
      : network_(network),
        image_(IsImage(network.sample_shape)),
        end_type_(network.int8_io ? onnx::TensorProto::INT8 : onnx::TensorProto::FLOAT),
        builder_(kGraphName) {}

  onnx::ModelProto Write() {
    builder_.AddInput("input", BatchShape(network_.sample_shape), end_type_);
    WriteInput();
    for (size_t i = 0; i < network_.layers.size(); ++i) WriteLayer(i);
    builder_.AddOutput("output", {-1, network_.OutputCount()}, end_type_);
    return builder_.Build();
  }

 private:
  // The real value of layers[index] as the layers behind read it; -1: of the input.
  const std::string& NameOf(int64_t index) const { return names_[static_cast<size_t>(index + 1)]; }

  void WriteInput() {
    WriteSteps("input", network_.input);
    names_.push_back("input_dequantized");
    std::string stored = "input";
    if (!network_.int8_io) {
      stored = "input_quantized";
      builder_.AddNode("QuantizeLinear", {"input", "input_scale", "input_zero_point"}, {stored});
    }
    Dequantize(stored, "input", names_.back());
  }

  void WriteLayer(size_t index) {
    const Layer& layer = network_.layers[index].layer;
    const int64_t at = static_cast<int64_t>(index);
    const std::string value = absl::StrCat("value_", index);
    std::vector<std::string> operands = {NameOf(at - layer.reads_back)};
    if (layer.adds_back > 0) operands.push_back(NameOf(at - layer.adds_back));
    if (layer.HasParameters()) WriteParameters(index, operands);
    AddOperator(layer, image_, operands, value, builder_);
    names_.push_back(value);
    // The ReLU's result is what is rounded.
    if (!ReluFollows(index)) names_.back() = Requantize(index, value);
  }

  bool ReluFollows(size_t index) const {
    return !IsLast(index) && network_.layers[index + 1].layer.kind == LayerKind::kRelu;
  }
  bool IsLast(size_t index) const { return index + 1 == network_.layers.size(); }

  std::string Requantize(size_t index, const std::string& value) {
    const bool ends_here = IsLast(index) && network_.int8_io;
    const std::string stored = ends_here ? "output" : value + "_quantized";
    WriteSteps(value, network_.layers[index].output);
    builder_.AddNode("QuantizeLinear", {value, value + "_scale", value + "_zero_point"}, {stored});
    if (ends_here) return stored;
    const std::string result = IsLast(index) ? "output" : value + "_dequantized";
    Dequantize(stored, value, result);
    return result;
  }

  void Dequantize(const std::string& stored, const std::string& steps, const std::string& result) {
    builder_.AddNode("DequantizeLinear", {stored, steps + "_scale", steps + "_zero_point"},
                     {result});
  }

  void WriteSteps(const std::string& value, const Quantization& quantization) {
    builder_.AddScalar<float>(value + "_scale", quantization.scale);
    builder_.AddScalar<int8_t>(value + "_zero_point", quantization.zero_point);
  }

  void WriteParameters(size_t index, std::vector<std::string>& operands) {
    const QuantizedLayer& layer = network_.layers[index];
    AddQuantizedWeights({layer.layer, layer.weight, layer.weight_scale}, image_, operands,
                        builder_);
    const std::string bias = layer.layer.name + ".bias";
    const std::vector<float> scale = BiasScales(network_.InputScale(index), layer.weight_scale);
    builder_.AddInitializer(bias, {layer.layer.out.channels}, absl::MakeConstSpan(layer.bias));
    builder_.AddInitializer(bias + "_scale", ScaleShape(scale), absl::MakeConstSpan(scale));
    operands.push_back(bias + "_dequantized");
    builder_.AddNode("DequantizeLinear", {bias, bias + "_scale"}, {operands.back()},
                     {IntAttribute("axis", 0)});
  }

  const QuantizedNetwork& network_;
  bool image_;
  onnx::TensorProto::DataType end_type_;
  OnnxBuilder builder_;
  // By value: the input's first.
  std::vector<std::string> names_;
};

}  // namespace

std::vector<int64_t> ScaleShape(const std::vector<float>& scales) {
  if (scales.size() == 1) return {};
  return {static_cast<int64_t>(scales.size())};
}

void AddQuantizedWeights(const StoredWeights& weights, bool image,
                         std::vector<std::string>& operands, OnnxBuilder& builder) {
  const std::string name = weights.layer.name + ".weight";
  const std::vector<int64_t> scale_shape = ScaleShape(weights.scales);
  const std::vector<int8_t> zeros(weights.scales.size(), 0);
  builder.AddInitializer(name, WeightShape(weights.layer, image),
                         absl::MakeConstSpan(weights.values));
  builder.AddInitializer(name + "_scale", scale_shape, absl::MakeConstSpan(weights.scales));
  builder.AddInitializer(name + "_zero_point", scale_shape, absl::MakeConstSpan(zeros));
  operands.push_back(name + "_dequantized");
  builder.AddNode("DequantizeLinear", {name, name + "_scale", name + "_zero_point"},
                  {operands.back()}, {IntAttribute("axis", 0)});
}

onnx::ModelProto ExportNetwork(const QuantizedNetwork& network) {
  return QuantizedExport(network).Write();
}

}  // namespace tinyjoule
