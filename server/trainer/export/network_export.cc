// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/export/clustered_weights.h"
#include "server/trainer/export/layer_operator.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {

std::vector<int64_t> BatchShape(std::vector<int64_t> sample_shape) {
  sample_shape.insert(sample_shape.begin(), -1);
  return sample_shape;
}

bool IsImage(const std::vector<int64_t>& sample_shape) { return sample_shape.size() == 3; }

std::vector<int64_t> WeightShape(const Layer& layer, bool image) {
  if (layer.kind == LayerKind::kBatchNorm) return {layer.out.channels};
  if (layer.kind == LayerKind::kLinear) return {layer.out.channels, layer.FanIn()};
  std::vector<int64_t> shape = {layer.out.channels, layer.in.channels / layer.groups};
  if (image) shape.push_back(layer.kernel_height);
  shape.push_back(layer.kernel_width);
  return shape;
}

namespace {

std::vector<onnx::AttributeProto> ConvAttributes(const Layer& layer, bool image) {
  std::vector<int64_t> kernel = {layer.kernel_height, layer.kernel_width};
  std::vector<int64_t> pads = {layer.PadTop(), layer.PadLeft(), layer.PadBottom(),
                               layer.PadRight()};
  std::vector<int64_t> strides = {layer.stride_height, layer.stride_width};
  if (!image) {
    kernel = {layer.kernel_width};
    pads = {layer.PadLeft(), layer.PadRight()};
    strides = {layer.stride_width};
  }
  std::vector<onnx::AttributeProto> attributes = {IntsAttribute("kernel_shape", kernel),
                                                  IntsAttribute("pads", pads)};
  const bool strided = layer.stride_height != 1 || layer.stride_width != 1;
  if (strided) attributes.push_back(IntsAttribute("strides", strides));
  if (layer.groups != 1) attributes.push_back(IntAttribute("group", layer.groups));
  return attributes;
}

}  // namespace

void AddOperator(const Layer& layer, bool image, const std::vector<std::string>& operands,
                 const std::string& out, OnnxBuilder& builder) {
  switch (layer.kind) {
    case LayerKind::kConv:
      builder.AddNode("Conv", operands, {out}, ConvAttributes(layer, image));
      break;
    case LayerKind::kLinear:
      builder.AddNode("Gemm", operands, {out}, {IntAttribute("transB", 1)});
      break;
    case LayerKind::kBatchNorm:
      builder.AddNode("BatchNormalization", operands, {out},
                      {FloatAttribute("epsilon", kBatchNormEpsilon)});
      break;
    case LayerKind::kAdd:
      builder.AddNode("Add", operands, {out});
      break;
    case LayerKind::kMaxPool:
      builder.AddNode("MaxPool", operands, {out},
                      {IntsAttribute("kernel_shape", {2, 2}), IntsAttribute("strides", {2, 2})});
      break;
    case LayerKind::kRelu:
      builder.AddNode("Relu", operands, {out});
      break;
    case LayerKind::kGlobalAverage:
      builder.AddNode("GlobalAveragePool", operands, {out});
      break;
    case LayerKind::kFlatten:
      builder.AddNode("Flatten", operands, {out}, {IntAttribute("axis", 1)});
      break;
  }
}

namespace {

// Writes a network as it is.
class FloatExport {
 public:
  explicit FloatExport(const Network& network)
      : network_(network), image_(IsImage(network.sample_shape)), builder_(kGraphName) {}

  onnx::ModelProto Write() {
    builder_.AddInput("input", BatchShape(network_.sample_shape));
    for (size_t i = 0; i < network_.layers.size(); ++i) WriteLayer(static_cast<int64_t>(i));
    builder_.AddOutput("output", {-1, network_.OutputCount()});
    return builder_.Build();
  }

 private:
  std::string NameOf(int64_t value) const {
    if (value < 0) return "input";
    const bool last = value + 1 == static_cast<int64_t>(network_.layers.size());
    return last ? "output" : absl::StrCat("value_", value);
  }

  void WriteLayer(int64_t index) {
    const Layer& layer = network_.layers[static_cast<size_t>(index)];
    std::vector<std::string> operands = {NameOf(index - layer.reads_back)};
    if (layer.adds_back > 0) operands.push_back(NameOf(index - layer.adds_back));
    const auto add_parameter = [&](const char* name, const std::vector<int64_t>& shape,
                                   const std::vector<float>& values) {
      if (values.empty()) return;
      operands.push_back(absl::StrCat(layer.name, ".", name));
      builder_.AddInitializer(operands.back(), shape, absl::MakeConstSpan(values));
    };
    if (layer.clusters.empty()) {
      add_parameter("weight", WeightShape(layer, image_), layer.weight);
    } else {
      operands.push_back(layer.name + ".weight");
      AddClusteredWeights(layer, operands.back(), WeightShape(layer, image_), builder_);
    }
    add_parameter("bias", {layer.out.channels}, layer.bias);
    add_parameter("mean", {layer.out.channels}, layer.mean);
    add_parameter("variance", {layer.out.channels}, layer.variance);
    AddOperator(layer, image_, operands, NameOf(index), builder_);
  }

  const Network& network_;
  bool image_;
  OnnxBuilder builder_;
};

}  // namespace

onnx::ModelProto ExportNetwork(const Network& network) { return FloatExport(network).Write(); }

onnx::ModelProto ExportModel(const TrainedModel& model) {
  if (const auto* knn = std::get_if<KnnModel>(&model)) return BuildKnnModel(*knn);
  if (const auto* network = std::get_if<Network>(&model)) return ExportNetwork(*network);
  if (const auto* given = std::get_if<GivenModel>(&model)) return given->proto;
  if (const auto* half = std::get_if<HalfNetwork>(&model)) return ExportNetwork(*half);
  if (const auto* dynamic = std::get_if<DynamicNetwork>(&model)) return ExportNetwork(*dynamic);
  return ExportNetwork(std::get<QuantizedNetwork>(model));
}

}  // namespace tinyjoule
