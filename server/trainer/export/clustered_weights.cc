// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/export/clustered_weights.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "server/trainer/compress/cluster.h"

namespace tinyjoule {
namespace {

constexpr size_t kPackedValues = 16;
// Below it the operators that take bytes apart are more bytes than they save.
constexpr size_t kLeastPackedWeights = 1200;

bool ShouldPack(const Layer& layer, size_t codebook_size) {
  return codebook_size <= kPackedValues && layer.weight.size() >= kLeastPackedWeights &&
         layer.weight.size() % 2 == 0;
}

onnx::AttributeProto ToInt32() { return IntAttribute("to", onnx::TensorProto::INT32); }

void AddIndices(const Layer& layer, const std::string& name, const std::vector<int64_t>& shape,
                OnnxBuilder& builder) {
  builder.AddInitializer(name + "_indices", shape, absl::MakeConstSpan(layer.clusters));
  builder.AddNode("Cast", {name + "_indices"}, {name + "_numbers"}, {ToInt32()});
}

void AddPackedIndices(const Layer& layer, const std::string& name,
                      const std::vector<int64_t>& shape, OnnxBuilder& builder) {
  const size_t half = layer.clusters.size() / 2;
  std::vector<uint8_t> packed(half);
  for (size_t i = 0; i < half; ++i) {
    packed[i] = static_cast<uint8_t>(layer.clusters[i] * kPackedValues + layer.clusters[half + i]);
  }
  builder.AddInitializer(name + "_indices", {static_cast<int64_t>(half)},
                         absl::MakeConstSpan(packed));
  builder.AddScalar<int32_t>(name + "_16", static_cast<int32_t>(kPackedValues));
  builder.AddInitializer(name + "_shape", {static_cast<int64_t>(shape.size())},
                         absl::MakeConstSpan(shape));
  builder.AddNode("Cast", {name + "_indices"}, {name + "_bytes"}, {ToInt32()});
  builder.AddNode("Div", {name + "_bytes", name + "_16"}, {name + "_first"});
  builder.AddNode("Mul", {name + "_first", name + "_16"}, {name + "_upper"});
  builder.AddNode("Sub", {name + "_bytes", name + "_upper"}, {name + "_second"});
  builder.AddNode("Concat", {name + "_first", name + "_second"}, {name + "_row"},
                  {IntAttribute("axis", 0)});
  builder.AddNode("Reshape", {name + "_row", name + "_shape"}, {name + "_numbers"});
}

}  // namespace

void AddClusteredWeights(const Layer& layer, const std::string& name,
                         const std::vector<int64_t>& shape, OnnxBuilder& builder) {
  const std::vector<float> codebook = CodebookOf(layer);
  builder.AddInitializer(name + "_codebook", {static_cast<int64_t>(codebook.size())},
                         absl::MakeConstSpan(codebook));
  if (ShouldPack(layer, codebook.size())) {
    AddPackedIndices(layer, name, shape, builder);
  } else {
    AddIndices(layer, name, shape, builder);
  }
  builder.AddNode("Gather", {name + "_codebook", name + "_numbers"}, {name},
                  {IntAttribute("axis", 0)});
}

void RestoreClusters(const onnx::ModelProto& model, Network& network) {
  std::set<std::string> codebooks;
  for (const onnx::TensorProto& tensor : model.graph().initializer())
    codebooks.insert(tensor.name());
  for (Layer& layer : network.layers) {
    if (codebooks.count(absl::StrCat(layer.name, ".weight_codebook")) == 0) continue;
    std::vector<float> values = layer.weight;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() > UINT8_MAX + 1) continue;
    for (const float weight : layer.weight) {
      const auto place = std::lower_bound(values.begin(), values.end(), weight);
      layer.clusters.push_back(static_cast<uint8_t>(place - values.begin()));
    }
  }
}

}  // namespace tinyjoule
