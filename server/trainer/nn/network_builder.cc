// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network_builder.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "common/base/status.h"
#include "server/trainer/nn/layer_chain.h"
#include "server/trainer/nn/mlperf_tiny.h"

namespace tinyjoule {
namespace {

constexpr int64_t kMaxUnits = 65'536;
constexpr int64_t kMaxParameters = 50'000'000;
constexpr double kMobileNetWidth = 0.25;

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

// A network whose first layer reads one row of values.
struct VectorNetwork {
  Network network;
  LayerChain chain;
};

VectorNetwork StartVector(absl::Span<const int64_t> data_shape) {
  FeatureMap input;
  for (int64_t size : data_shape) input.channels *= size;
  VectorNetwork start{{}, LayerChain(input)};
  const bool one_row = data_shape.size() == 2 && data_shape[0] == 1;
  if (one_row) {
    start.network.sample_shape = {data_shape[1]};
  } else {
    start.network.sample_shape.assign(data_shape.begin(), data_shape.end());
    start.chain.Flatten();
  }
  return start;
}

absl::StatusOr<Network> BuildMlp(const v1::ModelSpec& spec, absl::Span<const int64_t> data_shape,
                                 int64_t outputs) {
  const std::vector<int64_t> hidden = ValuesOr(spec.hidden(), {64, 32});
  TJ_RETURN_IF_ERROR(CheckUnits("hidden", hidden));
  VectorNetwork start = StartVector(data_shape);
  AddDense(hidden, outputs, start.chain);
  start.network.layers = start.chain.Take();
  return std::move(start.network);
}

Network BuildAutoencoder(absl::Span<const int64_t> data_shape) {
  VectorNetwork start = StartVector(data_shape);
  AddAutoencoder(start.chain);
  start.network.layers = start.chain.Take();
  return std::move(start.network);
}

FeatureMap CnnInput(absl::Span<const int64_t> data_shape) {
  if (data_shape.size() == 2) return {data_shape[0], 1, data_shape[1]};
  return {data_shape[0], data_shape[1], data_shape[2]};
}

absl::Status AddConvolutions(const std::vector<int64_t>& channels, int64_t kernel, bool image,
                             LayerChain& chain) {
  for (int64_t channel : channels) {
    chain.Conv(channel, {image ? kernel : 1, kernel, 1});
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

// resnet8, ds_cnn, mobilenet_v1.
absl::StatusOr<Network> BuildImageNetwork(const v1::ModelSpec& spec,
                                          absl::Span<const int64_t> data_shape, int64_t outputs) {
  if (data_shape.size() != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("models.type: ", WordOf(spec.type()),
                     " reads pictures [channels, height, width], but a sample is [",
                     absl::StrJoin(data_shape, ", "), "]"));
  }
  Network network;
  network.sample_shape.assign(data_shape.begin(), data_shape.end());
  LayerChain chain(CnnInput(data_shape));
  if (spec.type() == v1::MODEL_TYPE_RESNET8) {
    AddResNet8(outputs, chain);
  } else if (spec.type() == v1::MODEL_TYPE_DS_CNN) {
    AddDsCnn(outputs, chain);
  } else {
    const double width = spec.has_width() ? spec.width() : kMobileNetWidth;
    if (!(width > 0 && width <= 1)) {
      return absl::InvalidArgumentError(absl::StrCat("models.width: ", width, " is not in (0, 1]"));
    }
    AddMobileNetV1(width, outputs, chain);
  }
  network.layers = chain.Take();
  return network;
}

absl::StatusOr<Network> BuildLayers(const v1::ModelSpec& spec, absl::Span<const int64_t> data_shape,
                                    int64_t outputs) {
  switch (spec.type()) {
    case v1::MODEL_TYPE_TINYMLP:
      return BuildMlp(spec, data_shape, outputs);
    case v1::MODEL_TYPE_TINYCNN:
      return BuildCnn(spec, data_shape, outputs);
    case v1::MODEL_TYPE_RESNET8:
    case v1::MODEL_TYPE_DS_CNN:
    case v1::MODEL_TYPE_MOBILENET_V1:
      return BuildImageNetwork(spec, data_shape, outputs);
    case v1::MODEL_TYPE_AUTOENCODER:
      return BuildAutoencoder(data_shape);
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "models.type: ", v1::ModelType_Name(spec.type()), " is not a network that can be built"));
  }
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
    const bool norm = layer.kind == LayerKind::kBatchNorm;
    if (!layer.HasParameters() && !norm) continue;
    const size_t channels = static_cast<size_t>(layer.out.channels);
    layer.weight.assign(norm ? channels : channels * static_cast<size_t>(layer.FanIn()), 0.0F);
    layer.bias.assign(channels, 0.0F);
    if (!norm) continue;
    layer.mean.assign(channels, 0.0F);
    layer.variance.assign(channels, 0.0F);
  }
  return absl::OkStatus();
}

void FillUniform(float bound, RandomSource& random, std::vector<float>& values) {
  for (float& value : values) value = bound * (2.0F * UniformFloat(random) - 1.0F);
}

void InitializeNormalization(Layer& layer) {
  layer.weight.assign(layer.weight.size(), 1.0F);
  layer.bias.assign(layer.bias.size(), 0.0F);
  layer.mean.assign(layer.mean.size(), 0.0F);
  layer.variance.assign(layer.variance.size(), 1.0F);
}

}  // namespace

absl::StatusOr<Network> BuildNetwork(const v1::ModelSpec& spec,
                                     absl::Span<const int64_t> data_shape, int64_t outputs) {
  if (data_shape.size() < 2 || data_shape.size() > 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("samples of ", data_shape.size(), " dimensions: expected 2 or 3"));
  }
  TJ_ASSIGN_OR_RETURN(Network network, BuildLayers(spec, data_shape, outputs));
  TJ_RETURN_IF_ERROR(AllocateParameters(network));
  return network;
}

float UniformFloat(RandomSource& random) {
  return static_cast<float>(random() >> 40) * (1.0F / 16'777'216.0F);
}

void InitializeParameters(RandomSource& random, Network& network) {
  const bool normalized = network.MomentCount() > 0;
  for (Layer& layer : network.layers) {
    if (layer.kind == LayerKind::kBatchNorm) InitializeNormalization(layer);
    if (!layer.HasParameters()) continue;
    const float fan_in = static_cast<float>(layer.FanIn());
    const float bound = 1.0F / std::sqrt(fan_in);
    FillUniform(normalized ? std::sqrt(6.0F / fan_in) : bound, random, layer.weight);
    if (normalized) {
      layer.bias.assign(layer.bias.size(), 0.0F);
    } else {
      FillUniform(bound, random, layer.bias);
    }
  }
}

}  // namespace tinyjoule
