// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/conv_pass.h"

#include <algorithm>

namespace tinyjoule {
namespace {

constexpr int64_t kNoOffset = 0;

void AddTo(const float* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] += from[i];
}

}  // namespace

ConvPass::ConvPass(const Layer& layer, bool relu, const ParameterPlaces& places,
                   const PassSettings& settings)
    : layer_(layer),
      relu_(relu),
      places_(places),
      settings_(settings),
      group_ins_(layer.in.channels / layer.groups),
      group_outs_(layer.out.channels / layer.groups),
      taps_(layer.kernel_height * layer.kernel_width) {}

bool ConvPass::TurnsKernel(const Layer& layer) {
  return layer.stride_height == 1 && layer.stride_width == 1 && layer.kernel_height % 2 == 1 &&
         layer.kernel_width % 2 == 1 && layer.in.height == layer.out.height &&
         layer.in.width == layer.out.width && layer.PadTop() == layer.kernel_height / 2 &&
         layer.PadLeft() == layer.kernel_width / 2;
}

void ConvPass::CreateOffsets(const PaddedMap& map, int64_t channels, bool turned,
                             std::vector<int64_t>& offsets) const {
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < layer_.kernel_height; ++i) {
      for (int64_t j = 0; j < layer_.kernel_width; ++j) {
        const int64_t row = turned ? layer_.kernel_height - 1 - i : i;
        const int64_t column = turned ? layer_.kernel_width - 1 - j : j;
        offsets.push_back(c * map.channel_stride() + row * map.row_stride() +
                          column * settings_.lanes);
      }
    }
  }
}

// The first value that the output at (h, w) of the group reads.
const float* ConvPass::Window(const PaddedMap& in, int64_t group, int64_t h, int64_t w) const {
  const int64_t row = h * layer_.stride_height - layer_.PadTop();
  const int64_t column = w * layer_.stride_width - layer_.PadLeft();
  return in.Row(group * group_ins_, 0) + row * in.row_stride() + column * settings_.lanes;
}

void ConvPass::Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) {
  if (input_offsets_.empty()) CreateOffsets(in, group_ins_, /*turned=*/false, input_offsets_);
  const bool whole_rows = layer_.stride_width == 1;
  MultiplyArguments multiply;
  multiply.rows = group_outs_;
  multiply.columns = whole_rows ? out.row_length() : settings_.lanes;
  multiply.depth = layer_.FanIn();
  multiply.a_row = layer_.FanIn();
  multiply.a_column = 1;
  multiply.b_offsets = input_offsets_.data();
  multiply.c_row = out.channel_stride();
  multiply.relu = relu_;
  const int64_t steps = whole_rows ? 1 : out.shape().width;
  for (int64_t group = 0; group < layer_.groups; ++group) {
    multiply.a = parameters + places_.weight + group * group_outs_ * layer_.FanIn();
    multiply.bias = parameters + places_.bias + group * group_outs_;
    for (int64_t h = 0; h < out.shape().height; ++h) {
      for (int64_t w = 0; w < steps; ++w) {
        multiply.b = Window(in, group, h, w);
        multiply.c = out.Row(group * group_outs_, h) + w * settings_.lanes;
        settings_.kernels.multiply(multiply);
      }
    }
  }
}

void ConvPass::ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                                  float* gradients) {
  for (int64_t group = 0; group < layer_.groups; ++group) {
    WeightGradients(group, in, out_gradient, gradients);
  }
  ones_.resize(static_cast<size_t>(out_gradient.row_length()), 1.0F);
  DotArguments dot;
  dot.rows = layer_.out.channels;
  dot.columns = 1;
  dot.segments = out_gradient.shape().height;
  dot.length = out_gradient.row_length();
  dot.a = out_gradient.Row(0);
  dot.a_row = out_gradient.channel_stride();
  dot.a_segment = out_gradient.row_stride();
  dot.b = ones_.data();
  dot.b_offsets = &kNoOffset;
  dot.c = gradients + places_.bias;
  dot.c_row = 1;
  settings_.kernels.dot(dot);
}

void ConvPass::WeightGradients(int64_t group, const PaddedMap& in, const PaddedMap& out_gradient,
                               float* gradients) {
  const bool whole_rows = layer_.stride_width == 1;
  float* to = gradients + places_.weight + group * group_outs_ * layer_.FanIn();
  DotArguments dot;
  dot.rows = group_outs_;
  dot.columns = layer_.FanIn();
  dot.segments = whole_rows ? out_gradient.shape().height : out_gradient.shape().width;
  dot.length = whole_rows ? out_gradient.row_length() : settings_.lanes;
  dot.a_row = out_gradient.channel_stride();
  dot.a_segment = whole_rows ? out_gradient.row_stride() : settings_.lanes;
  dot.b_offsets = input_offsets_.data();
  dot.b_segment =
      whole_rows ? layer_.stride_height * in.row_stride() : layer_.stride_width * settings_.lanes;
  dot.c_row = layer_.FanIn();
  if (whole_rows) {
    dot.a = out_gradient.Row(group * group_outs_, 0);
    dot.b = Window(in, group, 0, 0);
    dot.c = to;
    return settings_.kernels.dot(dot);
  }
  const int64_t count = group_outs_ * layer_.FanIn();
  row_gradients_.resize(static_cast<size_t>(count));
  std::fill_n(to, count, 0.0F);
  for (int64_t h = 0; h < out_gradient.shape().height; ++h) {
    dot.a = out_gradient.Row(group * group_outs_, h);
    dot.b = Window(in, group, h, 0);
    dot.c = row_gradients_.data();
    settings_.kernels.dot(dot);
    AddTo(row_gradients_.data(), count, to);
  }
}

void ConvPass::InputGradient(const float* parameters, const PaddedMap& /*in*/,
                             const PaddedMap& out_gradient, PaddedMap& in_gradient) {
  if (TurnsKernel(layer_)) {
    TurnedInputGradient(parameters, out_gradient, in_gradient);
  } else {
    ScatteredInputGradient(parameters, out_gradient, in_gradient);
  }
}

void ConvPass::TurnWeights(const float* weight) {
  turned_weights_.resize(static_cast<size_t>(layer_.out.channels * layer_.FanIn()));
  float* to = turned_weights_.data();
  for (int64_t group = 0; group < layer_.groups; ++group) {
    for (int64_t c = 0; c < group_ins_; ++c) {
      for (int64_t o = group * group_outs_; o < (group + 1) * group_outs_; ++o) {
        to = std::copy_n(weight + (o * group_ins_ + c) * taps_, taps_, to);
      }
    }
  }
}

void ConvPass::TurnedInputGradient(const float* parameters, const PaddedMap& out_gradient,
                                   PaddedMap& in_gradient) {
  if (gradient_offsets_.empty()) {
    CreateOffsets(out_gradient, group_outs_, /*turned=*/true, gradient_offsets_);
  }
  TurnWeights(parameters + places_.weight);
  MultiplyArguments multiply;
  multiply.rows = group_ins_;
  multiply.columns = in_gradient.row_length();
  multiply.depth = group_outs_ * taps_;
  multiply.a_row = multiply.depth;
  multiply.a_column = 1;
  multiply.b_offsets = gradient_offsets_.data();
  multiply.c_row = in_gradient.channel_stride();
  for (int64_t group = 0; group < layer_.groups; ++group) {
    multiply.a = turned_weights_.data() + group * group_ins_ * multiply.depth;
    const float* corner =
        out_gradient.corner() + group * group_outs_ * out_gradient.channel_stride();
    for (int64_t h = 0; h < in_gradient.shape().height; ++h) {
      multiply.b = corner + h * out_gradient.row_stride();
      multiply.c = in_gradient.Row(group * group_ins_, h);
      settings_.kernels.multiply(multiply);
    }
  }
}

void ConvPass::ScatteredInputGradient(const float* parameters, const PaddedMap& out_gradient,
                                      PaddedMap& in_gradient) {
  if (gradient_offsets_.empty()) {
    for (int64_t o = 0; o < group_outs_; ++o) {
      gradient_offsets_.push_back(o * out_gradient.channel_stride());
    }
  }
  for (int64_t row = 0; row < in_gradient.rows(); ++row) {
    std::fill_n(in_gradient.Row(row), in_gradient.row_length(), 0.0F);
  }
  window_gradient_.resize(static_cast<size_t>(layer_.FanIn() * settings_.lanes));
  MultiplyArguments multiply;
  multiply.rows = layer_.FanIn();
  multiply.columns = settings_.lanes;
  multiply.depth = group_outs_;
  multiply.a_row = 1;
  multiply.a_column = layer_.FanIn();
  multiply.b_offsets = gradient_offsets_.data();
  multiply.c = window_gradient_.data();
  multiply.c_row = settings_.lanes;
  for (int64_t group = 0; group < layer_.groups; ++group) {
    multiply.a = parameters + places_.weight + group * group_outs_ * layer_.FanIn();
    for (int64_t h = 0; h < layer_.out.height; ++h) {
      for (int64_t w = 0; w < layer_.out.width; ++w) {
        multiply.b = out_gradient.Row(group * group_outs_, h) + w * settings_.lanes;
        settings_.kernels.multiply(multiply);
        Scatter(group, h, w, in_gradient);
      }
    }
  }
}

// Adds window_gradient_ to the window of the output at (h, w), but where that is border.
void ConvPass::Scatter(int64_t group, int64_t h, int64_t w, PaddedMap& in_gradient) const {
  const int64_t top = h * layer_.stride_height - layer_.PadTop();
  const int64_t left = w * layer_.stride_width - layer_.PadLeft();
  const int64_t first_column = std::max<int64_t>(left, 0);
  const int64_t columns = std::min(left + layer_.kernel_width, layer_.in.width) - first_column;
  if (columns <= 0) return;
  for (int64_t c = 0; c < group_ins_; ++c) {
    for (int64_t i = 0; i < layer_.kernel_height; ++i) {
      if (top + i < 0 || top + i >= layer_.in.height) continue;
      const int64_t tap = (c * layer_.kernel_height + i) * layer_.kernel_width;
      AddTo(window_gradient_.data() + (tap + first_column - left) * settings_.lanes,
            columns * settings_.lanes,
            in_gradient.Row(group * group_ins_ + c, top + i) + first_column * settings_.lanes);
    }
  }
}

}  // namespace tinyjoule
