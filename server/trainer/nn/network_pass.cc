// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network_pass.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace tinyjoule {
namespace {

constexpr int64_t kPredictRows = 128;

// Calls visit(row of a, row of b, length) for each pair of rows of two maps of one shape.
template <typename MapA, typename MapB, typename Visit>
void VisitRows(MapA& a, MapB& b, const Visit& visit) {
  for (int64_t row = 0; row < a.rows(); ++row) visit(a.Row(row), b.Row(row), a.row_length());
}

void MaskByRelu(const PaddedMap& values, PaddedMap& gradient) {
  VisitRows(values, gradient, [](const float* value, float* to, int64_t length) {
    for (int64_t i = 0; i < length; ++i) to[i] = value[i] > 0.0F ? to[i] : 0.0F;
  });
}

void AddMap(const PaddedMap& from, PaddedMap& to) {
  VisitRows(from, to, [](const float* value, float* sum, int64_t length) {
    for (int64_t i = 0; i < length; ++i) sum[i] += value[i];
  });
}

void CopyMap(const PaddedMap& from, PaddedMap& to) {
  VisitRows(from, to, [](const float* value, float* copy, int64_t length) {
    std::copy_n(value, length, copy);
  });
}

bool SharesMap(LayerKind kind) { return kind == LayerKind::kRelu || kind == LayerKind::kFlatten; }

// Where each layer's parameters stand in FlatParameters.
std::vector<ParameterPlaces> PlacesOf(const Network& network) {
  std::vector<ParameterPlaces> places(network.layers.size());
  int64_t at = 0;
  const auto take = [&](const std::vector<float>& part) {
    return std::exchange(at, at + static_cast<int64_t>(part.size()));
  };
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].weight = take(network.layers[i].weight);
    places[i].bias = take(network.layers[i].bias);
  }
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].mean = take(network.layers[i].mean);
    places[i].variance = take(network.layers[i].variance);
  }
  return places;
}

}  // namespace

NetworkPass::NetworkPass(const Network& network, int64_t max_rows, const Kernels& kernels)
    : network_(network),
      max_rows_(max_rows),
      settings_{kernels, (max_rows + kLanes - 1) / kLanes * kLanes} {
  CreateStages();
  CreateMaps();
  CreatePasses();
}

void NetworkPass::CreateStages() {
  map_of_.push_back(0);
  for (size_t i = 0; i < network_.layers.size(); ++i) {
    const Layer& layer = network_.layers[i];
    const auto map_back = [&](int64_t back) {
      return map_of_[static_cast<size_t>(static_cast<int64_t>(i) - back + 1)];
    };
    const size_t in = map_back(layer.reads_back);
    if (SharesMap(layer.kind)) {
      if (layer.kind == LayerKind::kRelu) stages_[in - 1].relu = true;
      map_of_.push_back(in);
      continue;
    }
    Stage stage;
    stage.layer = i;
    stage.in = in;
    if (layer.kind == LayerKind::kAdd) stage.addend = map_back(layer.adds_back);
    stages_.push_back(std::move(stage));
    map_of_.push_back(stages_.size());
  }
}

// A map's border is the widest that a stage reads of it.
void NetworkPass::CreateMaps() {
  std::vector<Border> borders(stages_.size() + 1);
  std::vector<int> readers(borders.size());
  for (const Stage& stage : stages_) {
    const Border border = InputBorder(network_.layers[stage.layer]);
    borders[stage.in].rows = std::max(borders[stage.in].rows, border.rows);
    borders[stage.in].columns = std::max(borders[stage.in].columns, border.columns);
    ++readers[stage.in];
    if (network_.layers[stage.layer].kind == LayerKind::kAdd) ++readers[stage.addend];
  }
  for (size_t i = 0; i < borders.size(); ++i) {
    const FeatureMap shape =
        i == 0 ? network_.layers.front().in : network_.layers[stages_[i - 1].layer].out;
    const Border back = i == 0 ? Border{} : GradientBorder(network_.layers[stages_[i - 1].layer]);
    const auto map = [&](bool used, const Border& border) {
      return used ? PaddedMap(shape, border.rows, border.columns, settings_.lanes) : PaddedMap();
    };
    maps_.push_back(map(true, borders[i]));
    gradients_.push_back(map(i > 0, back));
    shares_.push_back(map(i > 0 && readers[i] > 1, Border{}));
  }
  has_gradient_.resize(maps_.size());
  extra_gradients_.resize(maps_.size());
  roundings_.resize(maps_.size());
}

void NetworkPass::CreatePasses() {
  const std::vector<ParameterPlaces> places = PlacesOf(network_);
  for (Stage& stage : stages_) {
    const Layer& layer = network_.layers[stage.layer];
    stage.pass = CreateLayerPass(layer, stage.relu, places[stage.layer], settings_);
    if (layer.kind == LayerKind::kBatchNorm) {
      stage.norm = static_cast<BatchNormPass*>(stage.pass.get());
    }
  }
}

void NetworkPass::Load(const float* samples, absl::Span<const uint32_t> rows) {
  settings_.rows = static_cast<int64_t>(rows.size());
  PaddedMap& map = maps_.front();
  const int64_t sample_size = map.shape().size();
  const int64_t width = map.shape().width;
  for (int64_t row = 0; row < map.rows(); ++row) {
    float* to = map.Row(row);
    for (int64_t w = 0; w < width; ++w) {
      const float* from = samples + row * width + w;
      float* lane = to + w * settings_.lanes;
      for (size_t i = 0; i < rows.size(); ++i) {
        lane[i] = from[static_cast<int64_t>(rows[i]) * sample_size];
      }
      std::fill(lane + rows.size(), lane + settings_.lanes, 0.0F);
    }
  }
  Round(0, /*relu=*/false);
}

void NetworkPass::Forward(const float* parameters) {
  settings_.training = false;
  Run(parameters);
}

void NetworkPass::ForwardTraining(const float* parameters) {
  settings_.training = true;
  Run(parameters);
}

void NetworkPass::Run(const float* parameters) {
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    PaddedMap& out = maps_[i + 1];
    if (stage.pass) {
      stage.pass->Forward(parameters, maps_[stage.in], out);
    } else {
      Add(stage, out);
    }
    Round(i + 1, stage.relu);
  }
}

void NetworkPass::Add(const Stage& stage, PaddedMap& out) const {
  const float floor = stage.relu ? 0.0F : -INFINITY;
  const PaddedMap& a = maps_[stage.in];
  const PaddedMap& b = maps_[stage.addend];
  for (int64_t row = 0; row < out.rows(); ++row) {
    const float* left = a.Row(row);
    const float* right = b.Row(row);
    float* to = out.Row(row);
    for (int64_t i = 0; i < out.row_length(); ++i) {
      to[i] = std::max(stage.factor_in * left[i] + stage.factor_addend * right[i], floor);
    }
  }
}

void NetworkPass::Round(size_t map, bool relu) {
  if (!roundings_[map]) return;
  if (!roundings_[map]->factors.empty()) return RoundScaled(map);
  Rounding& rounding = *roundings_[map];
  const Quantization& quantization = rounding.quantization;
  const float low = DequantizeValue(quantization, -128) - 0.5F * quantization.scale;
  const float high = DequantizeValue(quantization, 127) + 0.5F * quantization.scale;
  float* passes = rounding.passes.data();
  for (int64_t row = 0; row < maps_[map].rows(); ++row) {
    float* value = maps_[map].Row(row);
    for (int64_t i = 0; i < maps_[map].row_length(); ++i) {
      const bool inside = value[i] >= low && value[i] <= high && !(relu && value[i] <= 0.0F);
      *passes++ = inside ? 1.0F : 0.0F;
      value[i] = RoundToStep(quantization, value[i]);
    }
  }
}

void NetworkPass::FakeQuantize(size_t value, const Quantization& quantization) {
  const size_t map = map_of_[value];
  roundings_[map] =
      Rounding{quantization,
               std::vector<float>(static_cast<size_t>(maps_[map].shape().size() * settings_.lanes)),
               {}};
}

void NetworkPass::RoundScaled(size_t map) {
  const Rounding& rounding = *roundings_[map];
  for (int64_t row = 0; row < maps_[map].rows(); ++row) {
    const auto channel = static_cast<size_t>(row / maps_[map].shape().height);
    const float factor = rounding.factors[channel % rounding.factors.size()];
    float* value = maps_[map].Row(row);
    for (int64_t i = 0; i < maps_[map].row_length(); ++i) {
      value[i] = RoundToStep(rounding.quantization, factor * value[i]);
    }
  }
}

void NetworkPass::Requantize(size_t value, std::vector<float> factors, int8_t zero_point) {
  const size_t map = map_of_[value];
  Stage& stage = stages_[map - 1];
  if (!stage.pass) {
    stage.factor_in = factors.front();
    stage.factor_addend = factors.back();
    factors = {1.0F};
  }
  roundings_[map] = Rounding{{1.0F, zero_point}, {}, std::move(factors)};
}

absl::Span<float> NetworkPass::ExtraGradient(size_t value) {
  std::vector<float>& extra = extra_gradients_[map_of_[value]];
  extra.resize(static_cast<size_t>(maps_[map_of_[value]].shape().size() * settings_.lanes));
  return absl::MakeSpan(extra);
}

void NetworkPass::Backward(const float* parameters, float* gradients) {
  std::fill(has_gradient_.begin(), has_gradient_.end(), false);
  for (size_t i = stages_.size(); i > 0; --i) BackwardStage(i - 1, parameters, gradients);
}

void NetworkPass::BackwardStage(size_t index, const float* parameters, float* gradients) {
  const Stage& stage = stages_[index];
  const size_t map = index + 1;
  if (!extra_gradients_[map].empty()) {
    const float* extra = extra_gradients_[map].data();
    for (int64_t row = 0; row < gradients_[map].rows(); ++row) {
      float* to = gradients_[map].Row(row);
      for (int64_t i = 0; i < gradients_[map].row_length(); ++i) to[i] += *extra++;
    }
  }
  MaskGradient(stage, map);
  if (stage.pass) stage.pass->ParameterGradients(maps_[stage.in], gradients_[map], gradients);
  InputGradients(stage, map, parameters);
}

void NetworkPass::MaskGradient(const Stage& stage, size_t map) {
  if (!roundings_[map]) {
    if (stage.relu) MaskByRelu(maps_[map], gradients_[map]);
    return;
  }
  const float* passes = roundings_[map]->passes.data();
  for (int64_t row = 0; row < gradients_[map].rows(); ++row) {
    float* to = gradients_[map].Row(row);
    for (int64_t i = 0; i < gradients_[map].row_length(); ++i) to[i] *= *passes++;
  }
}

void NetworkPass::InputGradients(const Stage& stage, size_t map, const float* parameters) {
  if (stage.pass) {
    if (stage.in == 0) return;
    stage.pass->InputGradient(parameters, maps_[stage.in], gradients_[map],
                              GradientTarget(stage.in));
    return FinishGradient(stage.in);
  }
  for (size_t in : {stage.in, stage.addend}) {
    if (in == 0) continue;
    CopyMap(gradients_[map], GradientTarget(in));
    FinishGradient(in);
  }
}

PaddedMap& NetworkPass::GradientTarget(size_t map) {
  return has_gradient_[map] ? shares_[map] : gradients_[map];
}

void NetworkPass::FinishGradient(size_t map) {
  if (has_gradient_[map]) AddMap(shares_[map], gradients_[map]);
  has_gradient_[map] = true;
}

void NetworkPass::UpdateMoments(float* parameters) const {
  for (const Stage& stage : stages_) {
    if (stage.norm) stage.norm->UpdateMoments(parameters);
  }
}

void NetworkPass::AppendValue(size_t value, int64_t count, std::vector<float>& values) const {
  const PaddedMap& map = maps_[map_of_[value]];
  for (int64_t lane = 0; lane < count; ++lane) {
    for (int64_t row = 0; row < map.rows(); ++row) {
      const float* from = map.Row(row) + lane;
      for (int64_t w = 0; w < map.shape().width; ++w) {
        values.push_back(from[w * settings_.lanes]);
      }
    }
  }
}

int64_t PredictionRows(const Network& network, absl::Span<const float> samples) {
  const int64_t rows = static_cast<int64_t>(samples.size()) / network.SampleSize();
  return std::clamp<int64_t>(rows, 1, kPredictRows);
}

void RunBatches(NetworkPass& pass, const std::vector<float>& parameters,
                absl::Span<const float> samples, absl::FunctionRef<void(int64_t)> visit) {
  const int64_t rows = static_cast<int64_t>(samples.size()) / pass.sample_size();
  std::vector<uint32_t> batch;
  for (int64_t first = 0; first < rows; first += pass.max_rows()) {
    batch.resize(static_cast<size_t>(std::min(pass.max_rows(), rows - first)));
    std::iota(batch.begin(), batch.end(), static_cast<uint32_t>(first));
    pass.Load(samples.data(), batch);
    pass.Forward(parameters.data());
    visit(static_cast<int64_t>(batch.size()));
  }
}

std::vector<float> Predict(NetworkPass& pass, const std::vector<float>& parameters,
                           absl::Span<const float> samples) {
  std::vector<float> outputs;
  RunBatches(pass, parameters, samples, [&](int64_t count) { pass.AppendOutputs(count, outputs); });
  return outputs;
}

std::vector<float> Predict(const Network& network, absl::Span<const float> samples) {
  NetworkPass pass(network, PredictionRows(network, samples));
  return Predict(pass, FlatParameters(network), samples);
}

}  // namespace tinyjoule
