// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/onnx/onnx_builder.h"
#include "server/trainer/export/layer_operator.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

class DynamicExport {
 public:
  explicit DynamicExport(const DynamicNetwork& network)
      : network_(network.network),
        dynamic_(network),
        image_(IsImage(network_.sample_shape)),
        builder_(kGraphName) {}

  onnx::ModelProto Write() {
    builder_.AddInput("input", BatchShape(network_.sample_shape));
    for (size_t i = 0; i < network_.layers.size(); ++i) WriteLayer(i);
    builder_.AddOutput("output", {-1, network_.OutputCount()});
    return builder_.Build();
  }

 private:
  // The result of layers[index]; -1: the input.
  std::string NameOf(int64_t index) const {
    if (index < 0) return "input";
    const bool last = index + 1 == static_cast<int64_t>(network_.layers.size());
    return last ? "output" : absl::StrCat("value_", index);
  }

  void WriteLayer(size_t index) {
    const Layer& layer = network_.layers[index];
    const int64_t at = static_cast<int64_t>(index);
    std::vector<std::string> operands = {NameOf(at - layer.reads_back)};
    if (layer.adds_back > 0) operands.push_back(NameOf(at - layer.adds_back));
    if (layer.HasParameters()) {
      operands.front() = Rounded(operands.front());
      WriteParameters(index, operands);
    }
    AddOperator(layer, image_, operands, NameOf(at), builder_);
  }

  // The value in steps of its own range; one that several layers read is rounded once.
  std::string Rounded(const std::string& value) {
    const std::string result = value + "_dequantized";
    if (!rounded_.insert(value).second) return result;
    const std::string stored = value + "_quantized";
    const std::string scale = value + "_scale";
    const std::string zero_point = value + "_zero_point";
    builder_.AddNode("DynamicQuantizeLinear", {value}, {stored, scale, zero_point});
    builder_.AddNode("DequantizeLinear", {stored, scale, zero_point}, {result});
    return result;
  }

  void WriteParameters(size_t index, std::vector<std::string>& operands) {
    const Layer& layer = network_.layers[index];
    AddQuantizedWeights({layer, dynamic_.weight[index], dynamic_.weight_scale[index]}, image_,
                        operands, builder_);
    operands.push_back(layer.name + ".bias");
    builder_.AddInitializer(operands.back(), {layer.out.channels}, absl::MakeConstSpan(layer.bias));
  }

  const Network& network_;
  const DynamicNetwork& dynamic_;
  bool image_;
  OnnxBuilder builder_;
  std::set<std::string> rounded_;
};

}  // namespace

onnx::ModelProto ExportNetwork(const DynamicNetwork& network) {
  return DynamicExport(network).Write();
}

}  // namespace tinyjoule
