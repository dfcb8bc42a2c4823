// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network_builder.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kMaxUnits = 65'536;
constexpr int64_t kMaxParameters = 50'000'000;

// Appends layers, each reading what the one before it left.
class LayerChain {
 public:
  explicit LayerChain(FeatureMap input) : at_(input) {}

  void Conv(int64_t channels, int64_t kernel_height, int64_t kernel_width) {
    Layer& layer = Append(LayerKind::kConv, {channels, at_.height, at_.width});
    layer.name = absl::StrCat("conv", ++convs_);
    layer.kernel_height = kernel_height;
    layer.kernel_width = kernel_width;
  }
  void Linear(int64_t units, bool is_output) {
    Layer& layer = Append(LayerKind::kLinear, {units, 1, 1});
    layer.name = is_output ? "output" : absl::StrCat("dense", ++denses_);
  }
  void Relu() { Append(LayerKind::kRelu, at_); }
  void MaxPool() { Append(LayerKind::kMaxPool, {at_.channels, at_.height / 2, at_.width / 2}); }
  void GlobalAverage() { Append(LayerKind::kGlobalAverage, {at_.channels, 1, 1}); }
  void Flatten() { Append(LayerKind::kFlatten, {at_.size(), 1, 1}); }

  const FeatureMap& at() const { return at_; }
  std::vector<Layer> Take() { return std::move(layers_); }

 private:
  Layer& Append(LayerKind kind, FeatureMap out) {
    Layer layer;
    layer.kind = kind;
    layer.in = at_;
    layer.out = out;
    at_ = out;
    layers_.push_back(std::move(layer));
    return layers_.back();
  }

  FeatureMap at_;
  std::vector<Layer> layers_;
  int convs_ = 0;
  int denses_ = 0;
};

template <typename Repeated>
std::vector<int64_t> ValuesOr(const Repeated& given, std::vector<int64_t> otherwise) {
  if (given.empty()) return otherwise;
  return std::vector<int64_t>(given.begin(), given.end());
}

absl::Status CheckUnits(absl::string_view key, const std::vector<int64_t>& units) {
  for (int64_t unit : units) {
    if (unit < 1 || unit > kMaxUnits) {
      return absl::InvalidArgumentError(
          absl::StrCat("models.", key, ": ", unit, " is not in [1, ", kMaxUnits, "]"));
    }
  }
  return absl::OkStatus();
}

void AddDense(const std::vector<int64_t>& units, int64_t outputs, LayerChain& chain) {
  for (int64_t unit : units) {
    chain.Linear(unit, /*is_output=*/false);
    chain.Relu();
  }
  chain.Linear(outputs, /*is_output=*/true);
}

absl::StatusOr<Network> BuildMlp(const v1::ModelSpec& spec, absl::Span<const int64_t> data_shape,
                                 int64_t outputs) {
  const std::vector<int64_t> hidden = ValuesOr(spec.hidden(), {64, 32});
  TJ_RETURN_IF_ERROR(CheckUnits("hidden", hidden));
  FeatureMap input;
  for (int64_t size : data_shape) input.channels *= size;
  Network network;
  LayerChain chain(input);
  const bool one_row = data_shape.size() == 2 && data_shape[0] == 1;
  if (one_row) {
    network.sample_shape = {data_shape[1]};
  } else {
    network.sample_shape.assign(data_shape.begin(), data_shape.end());
    chain.Flatten();
  }
  AddDense(hidden, outputs, chain);
  network.layers = chain.Take();
  return network;
}

FeatureMap CnnInput(absl::Span<const int64_t> data_shape) {
  if (data_shape.size() == 2) return {data_shape[0], 1, data_shape[1]};
  return {data_shape[0], data_shape[1], data_shape[2]};
}

absl::Status AddConvolutions(const std::vector<int64_t>& channels, int64_t kernel, bool image,
                             LayerChain& chain) {
  for (int64_t channel : channels) {
    chain.Conv(channel, image ? kernel : 1, kernel);
    chain.Relu();
    if (!image) continue;
    if (chain.at().height < 2 || chain.at().width < 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("models.conv: ", channels.size(),
                       " convolutions, each with 2 x 2 pooling, are too many for this image"));
    }
    chain.MaxPool();
  }
  return absl::OkStatus();
}

absl::StatusOr<Network> BuildCnn(const v1::ModelSpec& spec, absl::Span<const int64_t> data_shape,
                                 int64_t outputs) {
  const int64_t kernel = spec.has_kernel() ? spec.kernel() : 3;
  if (kernel < 1 || kernel > 255 || kernel % 2 == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("models.kernel: ", kernel, " is not an odd number in [1, 255]"));
  }
  const bool pooled = spec.pooling() == v1::POOLING_GLOBAL_AVERAGE;
  const std::vector<int64_t> channels = ValuesOr(spec.conv(), {8, 16});
  const std::vector<int64_t> dense =
      ValuesOr(spec.dense(), pooled ? std::vector<int64_t>{} : std::vector<int64_t>{32});
  TJ_RETURN_IF_ERROR(CheckUnits("conv", channels));
  TJ_RETURN_IF_ERROR(CheckUnits("dense", dense));

  const FeatureMap input = CnnInput(data_shape);
  const bool image = data_shape.size() == 3;
  Network network;
  network.sample_shape.assign(data_shape.begin(), data_shape.end());
  LayerChain chain(input);
  TJ_RETURN_IF_ERROR(AddConvolutions(channels, kernel, image, chain));
  if (pooled) chain.GlobalAverage();
  chain.Flatten();
  AddDense(dense, outputs, chain);
  network.layers = chain.Take();
  return network;
}

absl::Status AllocateParameters(Network& network) {
  int64_t total = 0;
  for (const Layer& layer : network.layers) {
    if (layer.HasParameters()) total += layer.out.channels * (layer.FanIn() + 1);
    if (total > kMaxParameters) {
      return absl::InvalidArgumentError(
          absl::StrCat("the model has more than ", kMaxParameters, " parameters"));
    }
  }
  for (Layer& layer : network.layers) {
    if (!layer.HasParameters()) continue;
    layer.weight.assign(static_cast<size_t>(layer.out.channels * layer.FanIn()), 0.0F);
    layer.bias.assign(static_cast<size_t>(layer.out.channels), 0.0F);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Network> BuildNetwork(const v1::ModelSpec& spec,
                                     absl::Span<const int64_t> data_shape, int64_t outputs) {
  if (data_shape.size() < 2 || data_shape.size() > 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("samples of ", data_shape.size(), " dimensions: expected 2 or 3"));
  }
  const bool mlp = spec.type() == v1::MODEL_TYPE_TINYMLP;
  if (!mlp && spec.type() != v1::MODEL_TYPE_TINYCNN) {
    return absl::InvalidArgumentError(absl::StrCat("models.type: ", v1::ModelType_Name(spec.type()),
                                                   " is not a network that can be built"));
  }
  TJ_ASSIGN_OR_RETURN(Network network, mlp ? BuildMlp(spec, data_shape, outputs)
                                           : BuildCnn(spec, data_shape, outputs));
  TJ_RETURN_IF_ERROR(AllocateParameters(network));
  return network;
}

float UniformFloat(RandomSource& random) {
  return static_cast<float>(random() >> 40) * (1.0F / 16'777'216.0F);
}

void InitializeParameters(RandomSource& random, Network& network) {
  for (Layer& layer : network.layers) {
    if (!layer.HasParameters()) continue;
    const float bound = 1.0F / std::sqrt(static_cast<float>(layer.FanIn()));
    for (float& value : layer.weight) value = bound * (2.0F * UniformFloat(random) - 1.0F);
    for (float& value : layer.bias) value = bound * (2.0F * UniformFloat(random) - 1.0F);
  }
}

}  // namespace tinyjoule
