// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/linear_pass.h"

#include <algorithm>

namespace tinyjoule {
namespace {

constexpr int64_t kNoOffset = 0;

// Of every value inside the map, from the first one on.
void CreateOffsets(const PaddedMap& map, int64_t lanes, std::vector<int64_t>& offsets) {
  for (int64_t row = 0; row < map.rows(); ++row) {
    const int64_t start = map.Row(row) - map.Row(0);
    for (int64_t w = 0; w < map.shape().width; ++w) offsets.push_back(start + w * lanes);
  }
}

}  // namespace

void LinearPass::Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) {
  if (input_offsets_.empty()) CreateOffsets(in, settings_.lanes, input_offsets_);
  const int64_t ins = in.shape().size();
  MultiplyArguments multiply;
  multiply.rows = layer_.out.channels;
  multiply.columns = settings_.lanes;
  multiply.depth = ins;
  multiply.a = parameters + places_.weight;
  multiply.a_row = ins;
  multiply.a_column = 1;
  multiply.b = in.Row(0);
  multiply.b_offsets = input_offsets_.data();
  multiply.c = out.Row(0);
  multiply.c_row = out.channel_stride();
  multiply.bias = parameters + places_.bias;
  multiply.relu = relu_;
  settings_.kernels.multiply(multiply);
}

void LinearPass::ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                                    float* gradients) {
  const int64_t ins = in.shape().size();
  DotArguments dot;
  dot.rows = layer_.out.channels;
  dot.columns = ins;
  dot.length = settings_.lanes;
  dot.a = out_gradient.Row(0);
  dot.a_row = out_gradient.channel_stride();
  dot.b = in.Row(0);
  dot.b_offsets = input_offsets_.data();
  dot.c = gradients + places_.weight;
  dot.c_row = ins;
  settings_.kernels.dot(dot);

  ones_.resize(static_cast<size_t>(settings_.lanes), 1.0F);
  dot.columns = 1;
  dot.b = ones_.data();
  dot.b_offsets = &kNoOffset;
  dot.c = gradients + places_.bias;
  dot.c_row = 1;
  settings_.kernels.dot(dot);
}

void LinearPass::InputGradient(const float* parameters, const PaddedMap& /*in*/,
                               const PaddedMap& out_gradient, PaddedMap& in_gradient) {
  if (gradient_offsets_.empty()) {
    CreateOffsets(out_gradient, settings_.lanes, gradient_offsets_);
  }
  const int64_t ins = in_gradient.shape().size();
  const bool bordered =
      in_gradient.channel_stride() != in_gradient.shape().height * in_gradient.row_length();
  if (bordered) flat_gradient_.resize(static_cast<size_t>(ins * settings_.lanes));
  MultiplyArguments multiply;
  multiply.rows = ins;
  multiply.columns = settings_.lanes;
  multiply.depth = layer_.out.channels;
  multiply.a = parameters + places_.weight;
  multiply.a_row = 1;
  multiply.a_column = ins;
  multiply.b = out_gradient.Row(0);
  multiply.b_offsets = gradient_offsets_.data();
  multiply.c = bordered ? flat_gradient_.data() : in_gradient.Row(0);
  multiply.c_row = settings_.lanes;
  settings_.kernels.multiply(multiply);
  if (!bordered) return;
  const float* from = flat_gradient_.data();
  for (int64_t row = 0; row < in_gradient.rows(); ++row, from += in_gradient.row_length()) {
    std::copy_n(from, in_gradient.row_length(), in_gradient.Row(row));
  }
}

}  // namespace tinyjoule
