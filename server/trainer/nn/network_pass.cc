// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/network_pass.h"

#include <algorithm>
#include <numeric>

#include "server/trainer/nn/pooling.h"

namespace tinyjoule {
namespace {

constexpr int64_t kPredictRows = 128;

void MaskByRelu(const PaddedMap& values, PaddedMap& gradient) {
  for (int64_t row = 0; row < values.rows(); ++row) {
    const float* value = values.Row(row);
    float* to = gradient.Row(row);
    for (int64_t i = 0; i < values.row_length(); ++i) to[i] = value[i] > 0.0F ? to[i] : 0.0F;
  }
}

void AppendMap(const PaddedMap& map, int64_t lanes, int64_t count, std::vector<float>& values) {
  for (int64_t lane = 0; lane < count; ++lane) {
    for (int64_t row = 0; row < map.rows(); ++row) {
      const float* from = map.Row(row) + lane;
      for (int64_t w = 0; w < map.shape().width; ++w) values.push_back(from[w * lanes]);
    }
  }
}

}  // namespace

NetworkPass::NetworkPass(const Network& network, int64_t max_rows, const Kernels& kernels)
    : kernels_(kernels), max_rows_(max_rows), lanes_((max_rows + kLanes - 1) / kLanes * kLanes) {
  int64_t weight_at = 0;
  for (const Layer& layer : network.layers) {
    AddStage(layer, weight_at);
    weight_at += static_cast<int64_t>(layer.weight.size() + layer.bias.size());
  }
  CreateMaps(network);
  for (size_t i = 0; i < stages_.size(); ++i) CreateOffsets(i);
}

void NetworkPass::AddStage(const Layer& layer, int64_t weight_at) {
  if (layer.kind == LayerKind::kRelu) {
    stages_.back().relu = true;
  } else if (layer.kind != LayerKind::kFlatten) {
    Stage stage;
    stage.kind = layer.kind;
    stage.kernel_height = layer.kernel_height;
    stage.kernel_width = layer.kernel_width;
    stage.fan_in = layer.FanIn();
    stage.weight_at = weight_at;
    stage.bias_at = weight_at + static_cast<int64_t>(layer.weight.size());
    stages_.push_back(std::move(stage));
  }
  map_of_layer_.push_back(stages_.size());
}

// A map's border is what the convolution that reads it needs; a gradient's, what the convolution
// that it comes from needs.
void NetworkPass::CreateMaps(const Network& network) {
  std::vector<FeatureMap> shapes = {network.layers.front().in};
  for (const Layer& layer : network.layers) {
    if (layer.kind != LayerKind::kRelu && layer.kind != LayerKind::kFlatten) {
      shapes.push_back(layer.out);
    }
  }
  for (size_t i = 0; i < shapes.size(); ++i) {
    const bool read_by_stage = i < stages_.size();
    maps_.emplace_back(shapes[i], read_by_stage ? stages_[i].kernel_height / 2 : 0,
                       read_by_stage ? stages_[i].kernel_width / 2 : 0, lanes_);
    if (i == 0) {
      gradients_.emplace_back();
      continue;
    }
    const Stage& maker = stages_[i - 1];
    gradients_.emplace_back(shapes[i], maker.kernel_height / 2, maker.kernel_width / 2, lanes_);
  }
}

void NetworkPass::CreateOffsets(size_t index) {
  Stage& stage = stages_[index];
  const PaddedMap& in = maps_[index];
  const PaddedMap& gradient = gradients_[index + 1];
  ones_.resize(std::max(ones_.size(), static_cast<size_t>(gradient.row_length())), 1.0F);
  if (stage.kind == LayerKind::kLinear) {
    for (int64_t i = 0; i < in.shape().size(); ++i) stage.input_offsets.push_back(i * lanes_);
    for (int64_t o = 0; o < gradient.shape().size(); ++o) {
      stage.gradient_offsets.push_back(o * lanes_);
    }
  }
  if (stage.kind != LayerKind::kConv) return;
  const auto add = [&](const PaddedMap& map, bool turned, std::vector<int64_t>& offsets) {
    for (int64_t c = 0; c < map.shape().channels; ++c) {
      for (int64_t i = 0; i < stage.kernel_height; ++i) {
        for (int64_t j = 0; j < stage.kernel_width; ++j) {
          const int64_t row = turned ? stage.kernel_height - 1 - i : i;
          const int64_t column = turned ? stage.kernel_width - 1 - j : j;
          offsets.push_back(c * map.channel_stride() + row * map.row_stride() + column * lanes_);
        }
      }
    }
  };
  add(in, /*turned=*/false, stage.input_offsets);
  add(gradient, /*turned=*/true, stage.gradient_offsets);
}

void NetworkPass::Load(const float* samples, absl::Span<const uint32_t> rows) {
  PaddedMap& map = maps_.front();
  const int64_t sample_size = map.shape().size();
  const int64_t width = map.shape().width;
  for (int64_t row = 0; row < map.rows(); ++row) {
    float* to = map.Row(row);
    for (int64_t w = 0; w < width; ++w) {
      const float* from = samples + row * width + w;
      float* lane = to + w * lanes_;
      for (size_t i = 0; i < rows.size(); ++i) {
        lane[i] = from[static_cast<int64_t>(rows[i]) * sample_size];
      }
      std::fill(lane + rows.size(), lane + lanes_, 0.0F);
    }
  }
}

void NetworkPass::Forward(const float* parameters) {
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    const PaddedMap& in = maps_[i];
    PaddedMap& out = maps_[i + 1];
    switch (stage.kind) {
      case LayerKind::kConv:
        ForwardConv(stage, parameters, in, out);
        break;
      case LayerKind::kLinear:
        ForwardLinear(stage, parameters, in, out);
        break;
      case LayerKind::kMaxPool:
        MaxPoolForward(in, lanes_, out);
        break;
      case LayerKind::kGlobalAverage:
        GlobalAverageForward(in, lanes_, out);
        break;
      case LayerKind::kRelu:
      case LayerKind::kFlatten:
        break;
    }
  }
}

void NetworkPass::ForwardConv(const Stage& stage, const float* parameters, const PaddedMap& in,
                              PaddedMap& out) const {
  MultiplyArguments multiply;
  multiply.rows = out.shape().channels;
  multiply.columns = out.row_length();
  multiply.depth = stage.fan_in;
  multiply.a = parameters + stage.weight_at;
  multiply.a_row = stage.fan_in;
  multiply.a_column = 1;
  multiply.b_offsets = stage.input_offsets.data();
  multiply.c_row = out.channel_stride();
  multiply.bias = parameters + stage.bias_at;
  multiply.relu = stage.relu;
  for (int64_t h = 0; h < out.shape().height; ++h) {
    multiply.b = in.corner() + h * in.row_stride();
    multiply.c = out.Row(0, h);
    kernels_.multiply(multiply);
  }
}

void NetworkPass::ForwardLinear(const Stage& stage, const float* parameters, const PaddedMap& in,
                                PaddedMap& out) const {
  MultiplyArguments multiply;
  multiply.rows = out.shape().channels;
  multiply.columns = lanes_;
  multiply.depth = stage.fan_in;
  multiply.a = parameters + stage.weight_at;
  multiply.a_row = stage.fan_in;
  multiply.a_column = 1;
  multiply.b = in.corner();
  multiply.b_offsets = stage.input_offsets.data();
  multiply.c = out.corner();
  multiply.c_row = lanes_;
  multiply.bias = parameters + stage.bias_at;
  multiply.relu = stage.relu;
  kernels_.multiply(multiply);
}

void NetworkPass::Backward(const float* parameters, float* gradients) {
  for (size_t i = stages_.size(); i > 0; --i) BackwardStage(i - 1, parameters, gradients);
}

void NetworkPass::BackwardStage(size_t index, const float* parameters, float* gradients) {
  const Stage& stage = stages_[index];
  if (stage.relu) MaskByRelu(maps_[index + 1], gradients_[index + 1]);
  const bool has_parameters = stage.kind == LayerKind::kConv || stage.kind == LayerKind::kLinear;
  if (has_parameters) WeightGradients(index, gradients);
  if (index == 0) return;
  switch (stage.kind) {
    case LayerKind::kConv:
      ConvInputGradients(index, parameters);
      break;
    case LayerKind::kLinear:
      LinearInputGradients(index, parameters);
      break;
    case LayerKind::kMaxPool:
      MaxPoolBackward(maps_[index], gradients_[index + 1], lanes_, gradients_[index]);
      break;
    case LayerKind::kGlobalAverage:
      GlobalAverageBackward(gradients_[index + 1], lanes_, gradients_[index]);
      break;
    case LayerKind::kRelu:
    case LayerKind::kFlatten:
      break;
  }
}

void NetworkPass::WeightGradients(size_t index, float* gradients) {
  const Stage& stage = stages_[index];
  const PaddedMap& in = maps_[index];
  const PaddedMap& gradient = gradients_[index + 1];
  DotArguments dot;
  dot.rows = gradient.shape().channels;
  dot.columns = stage.fan_in;
  dot.segments = gradient.shape().height;
  dot.length = gradient.row_length();
  dot.a = gradient.Row(0);
  dot.a_row = gradient.channel_stride();
  dot.a_segment = gradient.row_stride();
  dot.b = in.corner();
  dot.b_offsets = stage.input_offsets.data();
  dot.b_segment = in.row_stride();
  dot.c = gradients + stage.weight_at;
  dot.c_row = stage.fan_in;
  kernels_.dot(dot);

  constexpr int64_t kNoOffset = 0;
  dot.columns = 1;
  dot.b = ones_.data();
  dot.b_offsets = &kNoOffset;
  dot.b_segment = 0;
  dot.c = gradients + stage.bias_at;
  dot.c_row = 1;
  kernels_.dot(dot);
}

// Convolution of the output gradient with the kernel turned by half a circle.
void NetworkPass::ConvInputGradients(size_t index, const float* parameters) {
  const Stage& stage = stages_[index];
  const PaddedMap& from = gradients_[index + 1];
  PaddedMap& to = gradients_[index];
  const int64_t outs = from.shape().channels;
  const int64_t ins = to.shape().channels;
  const int64_t taps = stage.kernel_height * stage.kernel_width;
  turned_weights_.resize(static_cast<size_t>(outs * ins * taps));
  const float* weight = parameters + stage.weight_at;
  for (int64_t o = 0; o < outs; ++o) {
    for (int64_t c = 0; c < ins; ++c) {
      std::copy_n(weight + (o * ins + c) * taps, taps,
                  turned_weights_.data() + (c * outs + o) * taps);
    }
  }
  MultiplyArguments multiply;
  multiply.rows = ins;
  multiply.columns = to.row_length();
  multiply.depth = outs * taps;
  multiply.a = turned_weights_.data();
  multiply.a_row = outs * taps;
  multiply.a_column = 1;
  multiply.b_offsets = stage.gradient_offsets.data();
  multiply.c_row = to.channel_stride();
  for (int64_t h = 0; h < to.shape().height; ++h) {
    multiply.b = from.corner() + h * from.row_stride();
    multiply.c = to.Row(0, h);
    kernels_.multiply(multiply);
  }
}

void NetworkPass::LinearInputGradients(size_t index, const float* parameters) {
  const Stage& stage = stages_[index];
  const PaddedMap& from = gradients_[index + 1];
  PaddedMap& to = gradients_[index];
  const bool bordered = to.channel_stride() != to.shape().height * to.row_length();
  if (bordered) flat_gradient_.resize(static_cast<size_t>(stage.fan_in * lanes_));
  MultiplyArguments multiply;
  multiply.rows = stage.fan_in;
  multiply.columns = lanes_;
  multiply.depth = from.shape().size();
  multiply.a = parameters + stage.weight_at;
  multiply.a_row = 1;
  multiply.a_column = stage.fan_in;
  multiply.b = from.corner();
  multiply.b_offsets = stage.gradient_offsets.data();
  multiply.c = bordered ? flat_gradient_.data() : to.corner();
  multiply.c_row = lanes_;
  kernels_.multiply(multiply);
  if (!bordered) return;
  for (int64_t row = 0; row < to.rows(); ++row) {
    std::copy_n(flat_gradient_.data() + row * to.row_length(), to.row_length(), to.Row(row));
  }
}

void NetworkPass::AppendLayerOutput(size_t layer, int64_t count, std::vector<float>& values) const {
  AppendMap(maps_[map_of_layer_[layer]], lanes_, count, values);
}

void NetworkPass::AppendInput(int64_t count, std::vector<float>& values) const {
  AppendMap(maps_.front(), lanes_, count, values);
}

std::vector<float> Predict(const Network& network, absl::Span<const float> samples) {
  const int64_t rows = static_cast<int64_t>(samples.size()) / network.SampleSize();
  const std::vector<float> parameters = FlatParameters(network);
  NetworkPass pass(network, std::min(rows, kPredictRows));
  std::vector<float> outputs;
  outputs.reserve(static_cast<size_t>(rows * network.OutputCount()));
  std::vector<uint32_t> batch;
  for (int64_t first = 0; first < rows; first += pass.max_rows()) {
    batch.resize(static_cast<size_t>(std::min(pass.max_rows(), rows - first)));
    std::iota(batch.begin(), batch.end(), static_cast<uint32_t>(first));
    pass.Load(samples.data(), batch);
    pass.Forward(parameters.data());
    pass.AppendLayerOutput(network.layers.size() - 1, static_cast<int64_t>(batch.size()), outputs);
  }
  return outputs;
}

}  // namespace tinyjoule
