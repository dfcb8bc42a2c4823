// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

std::vector<int64_t> BatchShape(std::vector<int64_t> sample_shape) {
  sample_shape.insert(sample_shape.begin(), -1);
  return sample_shape;
}

// Convolutions have as many dimensions as the samples have behind the channels.
bool IsImage(const std::vector<int64_t>& sample_shape) { return sample_shape.size() == 3; }

std::vector<int64_t> WeightShape(const Layer& layer, bool image) {
  if (layer.kind == LayerKind::kLinear) return {layer.out.channels, layer.FanIn()};
  std::vector<int64_t> shape = {layer.out.channels, layer.in.channels};
  if (image) shape.push_back(layer.kernel_height);
  shape.push_back(layer.kernel_width);
  return shape;
}

std::vector<onnx::AttributeProto> ConvAttributes(const Layer& layer, bool image) {
  const int64_t rows = layer.kernel_height;
  const int64_t columns = layer.kernel_width;
  if (!image) {
    return {IntsAttribute("kernel_shape", {columns}),
            IntsAttribute("pads", {columns / 2, columns / 2})};
  }
  return {IntsAttribute("kernel_shape", {rows, columns}),
          IntsAttribute("pads", {rows / 2, columns / 2, rows / 2, columns / 2})};
}

// Adds the operator of a layer that reads `in`; parameters are given by the names of their values.
void AddOperator(const Layer& layer, bool image, const std::string& in, const std::string& weight,
                 const std::string& bias, const std::string& out, OnnxBuilder& builder) {
  switch (layer.kind) {
    case LayerKind::kConv:
      builder.AddNode("Conv", {in, weight, bias}, {out}, ConvAttributes(layer, image));
      break;
    case LayerKind::kLinear:
      builder.AddNode("Gemm", {in, weight, bias}, {out}, {IntAttribute("transB", 1)});
      break;
    case LayerKind::kMaxPool:
      builder.AddNode("MaxPool", {in}, {out},
                      {IntsAttribute("kernel_shape", {2, 2}), IntsAttribute("strides", {2, 2})});
      break;
    case LayerKind::kRelu:
      builder.AddNode("Relu", {in}, {out});
      break;
    case LayerKind::kGlobalAverage:
      builder.AddNode("GlobalAveragePool", {in}, {out});
      break;
    case LayerKind::kFlatten:
      builder.AddNode("Flatten", {in}, {out}, {IntAttribute("axis", 1)});
      break;
    case LayerKind::kBatchNorm:
    case LayerKind::kAdd:
      break;
  }
}

// Writes the int8 form of a network.
class QuantizedExport {
 public:
  explicit QuantizedExport(const QuantizedNetwork& network)
      : network_(network), image_(IsImage(network.sample_shape)), builder_("tinyjoule") {}

  onnx::ModelProto Write() {
    builder_.AddInput("input", BatchShape(network_.sample_shape));
    std::string at = Requantize("input", network_.input, "input_dequantized");
    for (size_t i = 0; i < network_.layers.size(); ++i) at = WriteLayer(i, at);
    builder_.AddOutput("output", {-1, network_.OutputCount()});
    return builder_.Build();
  }

 private:
  std::string WriteLayer(size_t index, const std::string& in) {
    const QuantizedLayer& layer = network_.layers[index];
    const bool last = index + 1 == network_.layers.size();
    const bool relu_follows = !last && network_.layers[index + 1].layer.kind == LayerKind::kRelu;
    const std::string value = absl::StrCat("value_", index);
    if (layer.layer.HasParameters()) WriteParameters(layer);
    AddOperator(layer.layer, image_, in, layer.layer.name + ".weight_dequantized",
                layer.layer.name + ".bias_dequantized", value, builder_);
    // The ReLU's result is what is rounded.
    if (relu_follows) return value;
    return Requantize(value, layer.output, last ? "output" : value + "_dequantized");
  }

  std::string Requantize(const std::string& value, const Quantization& quantization,
                         const std::string& result) {
    const std::string scale = value + "_scale";
    const std::string zero_point = value + "_zero_point";
    builder_.AddScalar<float>(scale, quantization.scale);
    builder_.AddScalar<int8_t>(zero_point, quantization.zero_point);
    builder_.AddNode("QuantizeLinear", {value, scale, zero_point}, {value + "_quantized"});
    builder_.AddNode("DequantizeLinear", {value + "_quantized", scale, zero_point}, {result});
    return result;
  }

  void WriteParameters(const QuantizedLayer& layer) {
    const std::string weight = layer.layer.name + ".weight";
    const std::string bias = layer.layer.name + ".bias";
    const int64_t channels = layer.layer.out.channels;
    const float in_scale = InputScale(layer);
    std::vector<float> bias_scale;
    for (float scale : layer.weight_scale) bias_scale.push_back(in_scale * scale);
    const std::vector<int8_t> zeros(static_cast<size_t>(channels), 0);
    builder_.AddInitializer(weight, WeightShape(layer.layer, image_),
                            absl::MakeConstSpan(layer.weight));
    builder_.AddInitializer(weight + "_scale", {channels}, absl::MakeConstSpan(layer.weight_scale));
    builder_.AddInitializer(weight + "_zero_point", {channels}, absl::MakeConstSpan(zeros));
    builder_.AddInitializer(bias, {channels}, absl::MakeConstSpan(layer.bias));
    builder_.AddInitializer(bias + "_scale", {channels}, absl::MakeConstSpan(bias_scale));
    builder_.AddNode("DequantizeLinear", {weight, weight + "_scale", weight + "_zero_point"},
                     {weight + "_dequantized"}, {IntAttribute("axis", 0)});
    builder_.AddNode("DequantizeLinear", {bias, bias + "_scale"}, {bias + "_dequantized"},
                     {IntAttribute("axis", 0)});
  }

  float InputScale(const QuantizedLayer& layer) const {
    const size_t index = static_cast<size_t>(&layer - network_.layers.data());
    return index == 0 ? network_.input.scale : network_.layers[index - 1].output.scale;
  }

  const QuantizedNetwork& network_;
  bool image_;
  OnnxBuilder builder_;
};

}  // namespace

onnx::ModelProto ExportNetwork(const Network& network) {
  const bool image = IsImage(network.sample_shape);
  OnnxBuilder builder("tinyjoule");
  builder.AddInput("input", BatchShape(network.sample_shape));
  std::string at = "input";
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const std::string weight = layer.name + ".weight";
    const std::string bias = layer.name + ".bias";
    if (layer.HasParameters()) {
      builder.AddInitializer(weight, WeightShape(layer, image), absl::MakeConstSpan(layer.weight));
      builder.AddInitializer(bias, {layer.out.channels}, absl::MakeConstSpan(layer.bias));
    }
    const bool last = i + 1 == network.layers.size();
    const std::string out = last ? "output" : absl::StrCat("value_", i);
    AddOperator(layer, image, at, weight, bias, out, builder);
    at = out;
  }
  builder.AddOutput("output", {-1, network.OutputCount()});
  return builder.Build();
}

onnx::ModelProto ExportNetwork(const QuantizedNetwork& network) {
  return QuantizedExport(network).Write();
}

onnx::ModelProto ExportModel(const TrainedModel& model) {
  if (const auto* knn = std::get_if<KnnModel>(&model)) return BuildKnnModel(*knn);
  if (const auto* network = std::get_if<Network>(&model)) return ExportNetwork(*network);
  return ExportNetwork(std::get<QuantizedNetwork>(model));
}

}  // namespace tinyjoule
