// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/batch_norm_pass.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

// Calls visit(first, at) for each position of a channel, `first` being its first lane in `map` and
// `at` its distance from the start of the row.
template <typename Visit>
void VisitPositions(const FeatureMap& shape, int64_t lanes, const Visit& visit) {
  for (int64_t h = 0; h < shape.height; ++h) {
    for (int64_t w = 0; w < shape.width; ++w) visit(h, w * lanes);
  }
}

}  // namespace

BatchNormPass::BatchNormPass(const Layer& layer, bool relu, const ParameterPlaces& places,
                             const PassSettings& settings)
    : layer_(layer),
      relu_(relu),
      places_(places),
      settings_(settings),
      mean_(static_cast<size_t>(layer.in.channels)),
      variance_(mean_.size()),
      inverse_deviation_(mean_.size()),
      gradient_sum_(mean_.size()),
      projection_sum_(mean_.size()) {}

double BatchNormPass::ValueCount() const {
  return static_cast<double>(settings_.rows * layer_.in.height * layer_.in.width);
}

// Lanes without a sample do not count.
void BatchNormPass::TakeBatchMoments(const PaddedMap& in) {
  for (int64_t c = 0; c < layer_.in.channels; ++c) {
    double sum = 0;
    VisitPositions(layer_.in, settings_.lanes, [&](int64_t h, int64_t at) {
      const float* value = in.Row(c, h) + at;
      float part = 0;
      for (int64_t lane = 0; lane < settings_.rows; ++lane) part += value[lane];
      sum += part;
    });
    const float mean = static_cast<float>(sum / ValueCount());
    double squares = 0;
    VisitPositions(layer_.in, settings_.lanes, [&](int64_t h, int64_t at) {
      const float* value = in.Row(c, h) + at;
      float part = 0;
      for (int64_t lane = 0; lane < settings_.rows; ++lane) {
        part += (value[lane] - mean) * (value[lane] - mean);
      }
      squares += part;
    });
    mean_[static_cast<size_t>(c)] = mean;
    variance_[static_cast<size_t>(c)] = static_cast<float>(squares / ValueCount());
  }
}

void BatchNormPass::Forward(const float* parameters, const PaddedMap& in, PaddedMap& out) {
  if (settings_.training) TakeBatchMoments(in);
  const float* means = settings_.training ? mean_.data() : parameters + places_.mean;
  const float* variances = settings_.training ? variance_.data() : parameters + places_.variance;
  for (int64_t c = 0; c < layer_.in.channels; ++c) {
    const float inverse = 1.0F / std::sqrt(variances[c] + kBatchNormEpsilon);
    inverse_deviation_[static_cast<size_t>(c)] = inverse;
    const float scale = parameters[places_.weight + c] * inverse;
    const float shift = parameters[places_.bias + c] - means[c] * scale;
    const float floor = relu_ ? 0.0F : -INFINITY;
    for (int64_t h = 0; h < layer_.in.height; ++h) {
      const float* from = in.Row(c, h);
      float* to = out.Row(c, h);
      for (int64_t i = 0; i < in.row_length(); ++i)
        to[i] = std::max(from[i] * scale + shift, floor);
    }
  }
}

// Gradients are zero in lanes without a sample.
void BatchNormPass::ParameterGradients(const PaddedMap& in, const PaddedMap& out_gradient,
                                       float* gradients) {
  for (size_t c = 0; c < mean_.size(); ++c) {
    const int64_t channel = static_cast<int64_t>(c);
    double gradient_sum = 0;
    double projection_sum = 0;
    VisitPositions(layer_.in, settings_.lanes, [&](int64_t h, int64_t at) {
      const float* value = in.Row(channel, h) + at;
      const float* gradient = out_gradient.Row(channel, h) + at;
      float sum = 0;
      float projection = 0;
      for (int64_t lane = 0; lane < settings_.rows; ++lane) {
        sum += gradient[lane];
        projection += gradient[lane] * (value[lane] - mean_[c]);
      }
      gradient_sum += sum;
      projection_sum += projection;
    });
    gradient_sum_[c] = static_cast<float>(gradient_sum);
    projection_sum_[c] = static_cast<float>(projection_sum) * inverse_deviation_[c];
    gradients[places_.weight + channel] = projection_sum_[c];
    gradients[places_.bias + channel] = gradient_sum_[c];
  }
}

void BatchNormPass::InputGradient(const float* parameters, const PaddedMap& in,
                                  const PaddedMap& out_gradient, PaddedMap& in_gradient) {
  const float share = static_cast<float>(1.0 / ValueCount());
  for (size_t c = 0; c < mean_.size(); ++c) {
    const int64_t channel = static_cast<int64_t>(c);
    const float inverse = inverse_deviation_[c];
    const float scale = parameters[places_.weight + channel] * inverse;
    const float mean_gradient = gradient_sum_[c] * share;
    const float slope = projection_sum_[c] * share * inverse;
    VisitPositions(layer_.in, settings_.lanes, [&](int64_t h, int64_t at) {
      const float* value = in.Row(channel, h) + at;
      const float* gradient = out_gradient.Row(channel, h) + at;
      float* to = in_gradient.Row(channel, h) + at;
      for (int64_t lane = 0; lane < settings_.rows; ++lane) {
        to[lane] = scale * (gradient[lane] - mean_gradient - (value[lane] - mean_[c]) * slope);
      }
      std::fill(to + settings_.rows, to + settings_.lanes, 0.0F);
    });
  }
}

void BatchNormPass::UpdateMoments(float* parameters) const {
  const double count = ValueCount();
  const float unbias = static_cast<float>(count > 1 ? count / (count - 1) : 1.0);
  const auto move = [](float batch, float& running) {
    running = kBatchNormMomentum * running + (1.0F - kBatchNormMomentum) * batch;
  };
  for (size_t c = 0; c < mean_.size(); ++c) {
    move(mean_[c], parameters[static_cast<size_t>(places_.mean) + c]);
    move(variance_[c] * unbias, parameters[static_cast<size_t>(places_.variance) + c]);
  }
}

}  // namespace tinyjoule
