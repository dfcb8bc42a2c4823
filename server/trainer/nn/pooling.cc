// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/pooling.h"

#include <algorithm>

namespace tinyjoule {

void MaxPoolPass::Forward(const float* /*parameters*/, const PaddedMap& in, PaddedMap& out) {
  const int64_t lanes = settings_.lanes;
  const FeatureMap& shape = out.shape();
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t h = 0; h < shape.height; ++h) {
      const float* top = in.Row(c, 2 * h);
      const float* bottom = in.Row(c, 2 * h + 1);
      float* to = out.Row(c, h);
      for (int64_t w = 0; w < shape.width; ++w) {
        for (int64_t lane = 0; lane < lanes; ++lane) {
          const int64_t left = 2 * w * lanes + lane;
          to[w * lanes + lane] = std::max(std::max(top[left], top[left + lanes]),
                                          std::max(bottom[left], bottom[left + lanes]));
        }
      }
    }
  }
}

void MaxPoolPass::InputGradient(const float* /*parameters*/, const PaddedMap& in,
                                const PaddedMap& out_gradient, PaddedMap& in_gradient) {
  const int64_t lanes = settings_.lanes;
  const FeatureMap& in_shape = in.shape();
  for (int64_t row = 0; row < in_gradient.rows(); ++row) {
    std::fill_n(in_gradient.Row(row), in_gradient.row_length(), 0.0F);
  }
  const FeatureMap& shape = out_gradient.shape();
  for (int64_t c = 0; c < in_shape.channels; ++c) {
    for (int64_t h = 0; h < shape.height; ++h) {
      const float* in_top = in.Row(c, 2 * h);
      const float* in_bottom = in.Row(c, 2 * h + 1);
      const float* from = out_gradient.Row(c, h);
      float* top = in_gradient.Row(c, 2 * h);
      float* bottom = in_gradient.Row(c, 2 * h + 1);
      for (int64_t i = 0; i < shape.width * lanes; ++i) {
        const int64_t left = 2 * (i / lanes) * lanes + i % lanes;
        const int64_t right = left + lanes;
        const float largest = std::max(std::max(in_top[left], in_top[right]),
                                       std::max(in_bottom[left], in_bottom[right]));
        float* to = in_top[left] == largest      ? top + left
                    : in_top[right] == largest   ? top + right
                    : in_bottom[left] == largest ? bottom + left
                                                 : bottom + right;
        *to = from[i];
      }
    }
  }
}

void GlobalAveragePass::Forward(const float* /*parameters*/, const PaddedMap& in, PaddedMap& out) {
  const int64_t lanes = settings_.lanes;
  const FeatureMap& shape = in.shape();
  const float scale = 1.0F / static_cast<float>(shape.height * shape.width);
  for (int64_t c = 0; c < shape.channels; ++c) {
    float* to = out.Row(c, 0);
    std::fill_n(to, lanes, 0.0F);
    for (int64_t h = 0; h < shape.height; ++h) {
      const float* from = in.Row(c, h);
      for (int64_t w = 0; w < shape.width; ++w) {
        for (int64_t lane = 0; lane < lanes; ++lane) to[lane] += from[w * lanes + lane];
      }
    }
    for (int64_t lane = 0; lane < lanes; ++lane) to[lane] *= scale;
  }
}

void GlobalAveragePass::InputGradient(const float* /*parameters*/, const PaddedMap& /*in*/,
                                      const PaddedMap& out_gradient, PaddedMap& in_gradient) {
  const int64_t lanes = settings_.lanes;
  const FeatureMap& shape = in_gradient.shape();
  const float scale = 1.0F / static_cast<float>(shape.height * shape.width);
  for (int64_t c = 0; c < shape.channels; ++c) {
    const float* from = out_gradient.Row(c, 0);
    for (int64_t h = 0; h < shape.height; ++h) {
      float* to = in_gradient.Row(c, h);
      for (int64_t w = 0; w < shape.width; ++w) {
        for (int64_t lane = 0; lane < lanes; ++lane) to[w * lanes + lane] = from[lane] * scale;
      }
    }
  }
}

}  // namespace tinyjoule
