// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/onnx_graph.h"
#include "common/onnx/sliding_window.h"
#include "server/trainer/export/clustered_weights.h"
#include "server/trainer/export/layer_operator.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

constexpr absl::string_view kWhatFits =
    "only Conv (one group or depthwise), BatchNormalization, Relu, Add, MaxPool (2 x 2), "
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
  explicit Import(const OnnxGraph& graph)
      : graph_(graph), layer_of_(graph.values().size(), kUnread), added_(graph.nodes().size()) {}

  absl::StatusOr<Network> Run() {
    const GraphValue& input = graph_.value(graph_.input());
    if (input.shape.size() < 2 || input.shape.size() > 4) return Refuse("the input's shape");
    network_.sample_shape.assign(input.shape.begin() + 1, input.shape.end());
    LayerOf(graph_.input()) = kInput;
    for (size_t i = 0; i < graph_.nodes().size(); ++i) {
      if (!added_[i]) TJ_RETURN_IF_ERROR(Add(i));
    }
    return Finish();
  }

 private:
  // In the place of a layer's index.
  static constexpr int64_t kInput = -1;
  static constexpr int64_t kUnread = -2;

  static absl::Status Refuse(absl::string_view what) {
    return absl::UnimplementedError(absl::StrCat(what, ": ", kWhatFits));
  }

  // The layer that makes a value.
  int64_t& LayerOf(int value) { return layer_of_[static_cast<size_t>(value)]; }
  int64_t Next() const { return static_cast<int64_t>(network_.layers.size()); }

  absl::StatusOr<Network> Finish() {
    if (LayerOf(graph_.output()) + 1 != Next()) return Refuse("the output");
    if (graph_.value(graph_.output()).shape.size() != 2) return Refuse("the output's shape");
    bool has_parameters = false;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      has_parameters |= network_.layers[i].HasParameters();
      const bool last = i + 1 == network_.layers.size();
      if (!last && network_.ReadersOf(i).empty()) return Refuse("a result that nothing reads");
    }
    if (!has_parameters) return Refuse("a model without parameters");
    return std::move(network_);
  }

  absl::Status Add(size_t index) {
    const GraphNode& node = graph_.nodes()[index];
    added_[index] = true;
    if (node.outputs.size() != 1) return Refuse(node.Describe());
    Layer layer;
    TJ_ASSIGN_OR_RETURN(layer.reads_back, Back(node, 0));
    layer.in = MapOf(graph_.value(node.input(0)).shape);
    layer.out = MapOf(graph_.value(node.outputs[0]).shape);
    TJ_RETURN_IF_ERROR(Fill(node, layer));
    LayerOf(node.outputs[0]) = Next();
    network_.layers.push_back(std::move(layer));
    return AddReluBehind(node);
  }

  // A ReLU stands right behind the layer that it reads, wherever the file has it.
  absl::Status AddReluBehind(const GraphNode& node) {
    const std::vector<int>& readers = graph_.value(node.outputs[0]).consumers;
    const bool follows = readers.size() == 1 && node.outputs[0] != graph_.output() &&
                         graph_.node(readers[0]).op_type == "Relu";
    return follows ? Add(static_cast<size_t>(readers[0])) : absl::OkStatus();
  }

  // How many layers back the operand was made.
  absl::StatusOr<int64_t> Back(const GraphNode& node, size_t operand) {
    const int value = node.input(operand);
    const int64_t layer = value < 0 ? kUnread : LayerOf(value);
    if (layer == kUnread) return Refuse(node.Describe());
    return Next() - layer;
  }

  absl::Status Fill(const GraphNode& node, Layer& layer) {
    if (node.op_type == "Conv") return FillConv(node, layer);
    if (node.op_type == "Gemm") return FillGemm(node, layer);
    if (node.op_type == "BatchNormalization") return FillBatchNorm(node, layer);
    if (node.op_type == "Add") return FillAdd(node, layer);
    if (node.op_type == "MaxPool") return FillMaxPool(node, layer);
    if (node.op_type == "Relu") return FillRelu(node, layer);
    if (node.op_type == "GlobalAveragePool") {
      layer.kind = LayerKind::kGlobalAverage;
      return absl::OkStatus();
    }
    return Flattens(node) ? FillFlatten(layer) : Refuse(node.Describe());
  }

  // One row of values for each sample, in their order.
  bool Flattens(const GraphNode& node) const {
    if (node.op_type == "Flatten") return node.Int("axis", 1) == 1;
    const Shape& shape = graph_.value(node.outputs[0]).shape;
    const bool moves = node.op_type == "Reshape" || node.op_type == "Squeeze";
    return moves && shape.size() == 2 && shape[0] == 1;
  }

  static absl::Status FillFlatten(Layer& layer) {
    layer.kind = LayerKind::kFlatten;
    return absl::OkStatus();
  }

  absl::Status FillRelu(const GraphNode& node, Layer& layer) {
    layer.kind = LayerKind::kRelu;
    const bool follows = layer.reads_back == 1 && !network_.layers.empty() &&
                         graph_.value(node.input(0)).consumers.size() == 1;
    if (!follows) return Refuse(node.Describe());
    const Layer& before = network_.layers.back();
    const bool fits = before.HasParameters() || before.kind == LayerKind::kBatchNorm ||
                      before.kind == LayerKind::kAdd;
    return fits ? absl::OkStatus() : Refuse(node.Describe());
  }

  absl::Status FillAdd(const GraphNode& node, Layer& layer) {
    layer.kind = LayerKind::kAdd;
    TJ_ASSIGN_OR_RETURN(layer.adds_back, Back(node, 1));
    const bool equal = graph_.value(node.input(0)).shape == graph_.value(node.input(1)).shape;
    return equal ? absl::OkStatus() : Refuse(node.Describe());
  }

  absl::Status FillConv(const GraphNode& node, Layer& layer) {
    const int weight = node.input(1);
    if (weight < 0) return Refuse(node.Describe());
    const Shape& shape = graph_.value(weight).shape;
    if (shape.size() != 3 && shape.size() != 4) return Refuse(node.Describe());
    layer.kind = LayerKind::kConv;
    layer.kernel_width = shape.back();
    layer.kernel_height = shape.size() == 4 ? shape[2] : 1;
    layer.groups = node.Int("group", 1);
    const std::vector<int64_t> strides = node.Ints("strides", {1, 1});
    layer.stride_width = strides.back();
    layer.stride_height = shape.size() == 4 ? strides.front() : 1;
    const bool one_or_depthwise = layer.groups == 1 || (layer.groups == layer.in.channels &&
                                                        layer.groups == layer.out.channels);
    if (!one_or_depthwise || !AllEqual(node.Ints("dilations", {}), 1)) {
      return Refuse(node.Describe());
    }
    TJ_RETURN_IF_ERROR(FillPadding(node, layer));
    return FillParameters(node, /*transposed=*/false, layer);
  }

  absl::Status FillPadding(const GraphNode& node, Layer& layer) const {
    const auto spatial = absl::MakeConstSpan(graph_.value(node.input(0)).shape).subspan(2);
    const auto kernel = absl::MakeConstSpan(graph_.value(node.input(1)).shape).subspan(2);
    TJ_ASSIGN_OR_RETURN(const SlidingWindow window, SlidingWindowOf(node, spatial, kernel));
    const int64_t left = window.pads_begin.back();
    const int64_t top = spatial.size() == 2 ? window.pads_begin.front() : 0;
    if (left >= layer.kernel_width || top >= layer.kernel_height) {
      return Refuse(absl::StrCat(node.Describe(), ", whose padding is as wide as its kernel"));
    }
    if (layer.PadLeft() != left) layer.pad_left = left;
    if (layer.PadTop() != top) layer.pad_top = top;
    return absl::OkStatus();
  }

  absl::Status FillBatchNorm(const GraphNode& node, Layer& layer) {
    layer.kind = LayerKind::kBatchNorm;
    const GraphValue& scale = graph_.value(node.input(1));
    layer.name = LayerName(scale.name, layer.kind);
    TJ_ASSIGN_OR_RETURN(layer.weight, Channels(node, 1));
    TJ_ASSIGN_OR_RETURN(layer.bias, Channels(node, 2));
    TJ_ASSIGN_OR_RETURN(layer.mean, Channels(node, 3));
    TJ_ASSIGN_OR_RETURN(layer.variance, Channels(node, 4));
    const float epsilon = node.Float("epsilon", 1e-5F);
    if (epsilon == kBatchNormEpsilon) return absl::OkStatus();
    // The same outputs with the epsilon that a Layer has.
    for (size_t c = 0; c < layer.weight.size(); ++c) {
      const float variance = layer.variance[c];
      layer.weight[c] *= std::sqrt((variance + kBatchNormEpsilon) / (variance + epsilon));
    }
    return absl::OkStatus();
  }

  // A constant with a value for each channel.
  absl::StatusOr<std::vector<float>> Channels(const GraphNode& node, size_t operand) const {
    const GraphValue& value = graph_.value(node.input(operand));
    if (!value.constant || value.type != ElementType::kFloat) return Refuse(node.Describe());
    return std::vector<float>(value.elements<float>().begin(), value.elements<float>().end());
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
    const bool ours = absl::ConsumeSuffix(&weight, ".weight") && !weight.empty();
    // Layers may share their weights.
    const bool taken = std::any_of(network_.layers.begin(), network_.layers.end(),
                                   [&](const Layer& layer) { return layer.name == weight; });
    if (ours && !taken) return std::string(weight);
    const char* const prefix = kind == LayerKind::kConv        ? "conv_"
                               : kind == LayerKind::kBatchNorm ? "norm_"
                                                               : "dense_";
    return absl::StrCat(prefix, network_.layers.size());
  }

  const OnnxGraph& graph_;
  Network network_;
  // By value of the graph.
  std::vector<int64_t> layer_of_;
  // By node: it is part of the network.
  std::vector<bool> added_;
};

}  // namespace

absl::StatusOr<Network> ImportNetwork(const onnx::ModelProto& model) {
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  TJ_ASSIGN_OR_RETURN(Network network, Import(graph).Run());
  RestoreClusters(model, network);
  return network;
}

namespace {

// A user's int8 model is refused as what it is.
bool IsQuantizedHere(const onnx::ModelProto& model) {
  const onnx::GraphProto& graph = model.graph();
  return graph.name() == kGraphName && graph.node_size() > 0 &&
         graph.node(0).op_type() == "QuantizeLinear";
}

}  // namespace

absl::StatusOr<TrainedModel> ImportModel(const onnx::ModelProto& model) {
  if (IsKnnModel(model)) {
    TJ_ASSIGN_OR_RETURN(KnnModel knn, ReadKnnModel(model));
    return TrainedModel(std::move(knn));
  }
  if (IsQuantizedHere(model)) {
    TJ_ASSIGN_OR_RETURN(QuantizedNetwork quantized, ImportQuantizedNetwork(model));
    return TrainedModel(std::move(quantized));
  }
  TJ_ASSIGN_OR_RETURN(Network network, ImportNetwork(model));
  return TrainedModel(std::move(network));
}

}  // namespace tinyjoule
