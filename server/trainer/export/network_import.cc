// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/onnx_graph.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

constexpr absl::string_view kWhatFits =
    "only chains of Conv (odd kernel, stride 1, \"same\" padding), Relu, MaxPool (2 x 2), "
    "GlobalAveragePool, Flatten and Gemm, from [N, ...] to [N, outputs], can be compressed";

bool AllEqual(const std::vector<int64_t>& values, int64_t expected) {
  for (int64_t value : values) {
    if (value != expected) return false;
  }
  return true;
}

// [1, C], [1, C, W] or [1, C, H, W].
FeatureMap MapOf(const Shape& shape) {
  FeatureMap map;
  if (shape.size() > 1) map.channels = shape[1];
  if (shape.size() > 2) map.width = shape.back();
  if (shape.size() > 3) map.height = shape[2];
  return map;
}

class Import {
 public:
  explicit Import(const OnnxGraph& graph) : graph_(graph) {}

  absl::StatusOr<Network> Run() {
    const GraphValue& input = graph_.value(graph_.input());
    if (input.shape.size() < 2 || input.shape.size() > 4) return Refuse("the input's shape");
    network_.sample_shape.assign(input.shape.begin() + 1, input.shape.end());
    at_ = graph_.input();
    for (const GraphNode& node : graph_.nodes()) TJ_RETURN_IF_ERROR(Add(node));
    if (at_ != graph_.output()) return Refuse("the output");
    if (graph_.value(at_).shape.size() != 2) return Refuse("the output's shape");
    bool has_parameters = false;
    for (const Layer& layer : network_.layers) has_parameters |= layer.HasParameters();
    if (!has_parameters) return Refuse("a model without parameters");
    return std::move(network_);
  }

 private:
  static absl::Status Refuse(absl::string_view what) {
    return absl::UnimplementedError(absl::StrCat(what, ": ", kWhatFits));
  }

  absl::Status Add(const GraphNode& node) {
    if (node.input(0) != at_ || node.outputs.size() != 1) return Refuse(node.Describe());
    Layer layer;
    const FeatureMap map = MapOf(graph_.value(node.input(0)).shape);
    layer.in = network_.layers.empty() ? map : network_.layers.back().out;
    layer.out = MapOf(graph_.value(node.outputs[0]).shape);
    TJ_RETURN_IF_ERROR(Fill(node, layer));
    network_.layers.push_back(std::move(layer));
    at_ = node.outputs[0];
    return absl::OkStatus();
  }

  absl::Status Fill(const GraphNode& node, Layer& layer) {
    if (node.op_type == "Conv") return FillConv(node, layer);
    if (node.op_type == "Gemm") return FillGemm(node, layer);
    if (node.op_type == "MaxPool") return FillMaxPool(node, layer);
    if (node.op_type == "Relu") {
      layer.kind = LayerKind::kRelu;
      const bool follows = !network_.layers.empty() && network_.layers.back().HasParameters();
      return follows ? absl::OkStatus() : Refuse(node.Describe());
    }
    if (node.op_type == "GlobalAveragePool") {
      layer.kind = LayerKind::kGlobalAverage;
      return absl::OkStatus();
    }
    if (node.op_type == "Flatten" && node.Int("axis", 1) == 1) {
      layer.kind = LayerKind::kFlatten;
      return absl::OkStatus();
    }
    return Refuse(node.Describe());
  }

  absl::Status FillConv(const GraphNode& node, Layer& layer) {
    const int weight = node.input(1);
    if (weight < 0) return Refuse(node.Describe());
    const Shape& shape = graph_.value(weight).shape;
    if (shape.size() != 3 && shape.size() != 4) return Refuse(node.Describe());
    layer.kind = LayerKind::kConv;
    layer.kernel_width = shape.back();
    layer.kernel_height = shape.size() == 4 ? shape[2] : 1;
    const bool plain = layer.kernel_height % 2 == 1 && layer.kernel_width % 2 == 1 &&
                       node.Int("group", 1) == 1 && AllEqual(node.Ints("strides", {}), 1) &&
                       AllEqual(node.Ints("dilations", {}), 1) && HasSamePadding(node, shape);
    if (!plain) return Refuse(node.Describe());
    return FillParameters(node, /*transposed=*/false, layer);
  }

  static bool HasSamePadding(const GraphNode& node, const Shape& weight_shape) {
    const std::string automatic = node.String("auto_pad", "NOTSET");
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") return true;
    if (automatic != "NOTSET") return false;
    const size_t dimensions = weight_shape.size() - 2;
    const std::vector<int64_t> pads = node.Ints("pads", std::vector<int64_t>(2 * dimensions, 0));
    for (size_t i = 0; i < 2 * dimensions; ++i) {
      if (pads[i] != weight_shape[2 + i % dimensions] / 2) return false;
    }
    return true;
  }

  absl::Status FillGemm(const GraphNode& node, Layer& layer) {
    layer.kind = LayerKind::kLinear;
    // A Gemm reads rows: anything else has been flattened.
    layer.in = {layer.in.size(), 1, 1};
    const bool plain = node.Float("alpha", 1) == 1.0F && node.Float("beta", 1) == 1.0F &&
                       node.Int("transA", 0) == 0 && node.input(1) >= 0;
    if (!plain) return Refuse(node.Describe());
    return FillParameters(node, /*transposed=*/node.Int("transB", 0) == 0, layer);
  }

  static absl::Status FillMaxPool(const GraphNode& node, Layer& layer) {
    layer.kind = LayerKind::kMaxPool;
    const bool square = node.Ints("kernel_shape", {}) == std::vector<int64_t>{2, 2} &&
                        node.Ints("strides", {}) == std::vector<int64_t>{2, 2} &&
                        AllEqual(node.Ints("pads", {}), 0) && node.Int("ceil_mode", 0) == 0 &&
                        AllEqual(node.Ints("dilations", {}), 1) &&
                        node.String("auto_pad", "NOTSET") == "NOTSET";
    return square ? absl::OkStatus() : Refuse(node.Describe());
  }

  absl::Status FillParameters(const GraphNode& node, bool transposed, Layer& layer) {
    const GraphValue& weight = graph_.value(node.input(1));
    if (!weight.constant || weight.type != ElementType::kFloat) return Refuse(node.Describe());
    const absl::Span<const float> values = weight.elements<float>();
    const size_t outs = static_cast<size_t>(layer.out.channels);
    const size_t fan_in = static_cast<size_t>(layer.FanIn());
    if (values.size() != outs * fan_in) return Refuse(node.Describe());
    layer.weight.assign(values.begin(), values.end());
    for (size_t i = 0; transposed && i < values.size(); ++i) {
      layer.weight[(i % outs) * fan_in + i / outs] = values[i];
    }
    layer.name = LayerName(weight.name, layer.kind);
    layer.bias.assign(outs, 0.0F);
    if (node.input(2) < 0) return absl::OkStatus();
    const GraphValue& bias = graph_.value(node.input(2));
    if (!bias.constant || bias.type != ElementType::kFloat || bias.size() != layer.out.channels) {
      return Refuse(node.Describe());
    }
    layer.bias.assign(bias.elements<float>().begin(), bias.elements<float>().end());
    return absl::OkStatus();
  }

  std::string LayerName(absl::string_view weight, LayerKind kind) const {
    if (absl::ConsumeSuffix(&weight, ".weight") && !weight.empty()) return std::string(weight);
    return absl::StrCat(kind == LayerKind::kConv ? "conv_" : "dense_", network_.layers.size());
  }

  const OnnxGraph& graph_;
  Network network_;
  int at_ = -1;
};

}  // namespace

absl::StatusOr<Network> ImportNetwork(const onnx::ModelProto& model) {
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  return Import(graph).Run();
}

absl::StatusOr<TrainedModel> ImportModel(const onnx::ModelProto& model) {
  if (IsKnnModel(model)) {
    TJ_ASSIGN_OR_RETURN(KnnModel knn, ReadKnnModel(model));
    return TrainedModel(std::move(knn));
  }
  TJ_ASSIGN_OR_RETURN(Network network, ImportNetwork(model));
  return TrainedModel(std::move(network));
}

}  // namespace tinyjoule
