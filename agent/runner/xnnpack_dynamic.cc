// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_dynamic.h"

#include <algorithm>
#include <utility>

#include "agent/runner/dynamic_kernels.h"

namespace tinyjoule {
namespace {

// Owns what a DynamicLayer points to.
class Layer {
 public:
  // `weights.values` are [output][kernel row][tap].
  Layer(const DynamicWeights& weights, Clamp clamp, int64_t kernel_rows, int64_t run) {
    layer_.outputs = static_cast<int64_t>(weights.scales.size());
    layer_.lanes = (layer_.outputs + kDynamicLanes - 1) / kDynamicLanes * kDynamicLanes;
    layer_.kernel_rows = kernel_rows;
    layer_.run = run;
    layer_.low = clamp.low;
    layer_.high = clamp.high;
    const size_t lanes = static_cast<size_t>(layer_.lanes);
    const size_t rows = static_cast<size_t>(kernel_rows);
    const size_t fan_in = weights.values.size() / weights.scales.size();
    const size_t taps = fan_in / rows;
    const size_t pairs = (taps + 1) / 2;
    values_.resize(rows * pairs * lanes * 2);
    weight_sums_.resize(lanes);
    for (size_t i = 0; i < weights.values.size(); ++i) {
      const size_t output = i / fan_in;
      const size_t row = i % fan_in / taps;
      const size_t tap = i % taps;
      values_[((row * pairs + tap / 2) * lanes + output) * 2 + tap % 2] = weights.values[i];
      weight_sums_[output] += weights.values[i];
    }
    scales_ = weights.scales;
    scales_.resize(lanes);
    bias_ = weights.bias;
    bias_.resize(lanes);
  }

  DynamicLayer layer() const {
    DynamicLayer layer = layer_;
    layer.weights = values_.data();
    layer.scales = scales_.data();
    layer.bias = bias_.data();
    layer.weight_sums = weight_sums_.data();
    return layer;
  }

 private:
  DynamicLayer layer_;
  std::vector<int8_t> values_;
  std::vector<float> scales_;
  std::vector<float> bias_;
  std::vector<int32_t> weight_sums_;
};

// One image, channels last, with its border: a border of zeros has the steps of the zero point.
class PaddedImage {
 public:
  PaddedImage(const ImageWindow& window, int64_t channels)
      : window_(window),
        channels_(channels),
        row_((static_cast<int64_t>(window.input_width) + window.pad_left + window.pad_right) *
             channels),
        rows_(static_cast<int64_t>(window.input_height) + window.pad_top + window.pad_bottom),
        steps_(static_cast<size_t>(row_ * rows_ + kDynamicReadAhead)) {}

  void Load(const int8_t* image, int32_t zero_point) {
    std::fill(steps_.begin(), steps_.end(), static_cast<int16_t>(zero_point));
    const int64_t width = static_cast<int64_t>(window_.input_width) * channels_;
    for (int64_t y = 0; y < static_cast<int64_t>(window_.input_height); ++y) {
      std::copy_n(image + y * width, width,
                  steps_.begin() + (y + window_.pad_top) * row_ + window_.pad_left * channels_);
    }
  }

  int64_t output_rows() const {
    return (rows_ - window_.kernel_height) / window_.stride_height + 1;
  }
  int64_t output_columns() const {
    return (row_ / channels_ - window_.kernel_width) / window_.stride_width + 1;
  }
  int64_t channels() const { return channels_; }

  // The places of a row of outputs.
  DynamicPlaces Places(int64_t y, const DynamicSteps& steps) const {
    return {steps_.data() + y * window_.stride_height * row_, output_columns(),
            window_.stride_width * channels_, row_, steps};
  }

 private:
  ImageWindow window_;
  int64_t channels_;
  int64_t row_;
  int64_t rows_;
  std::vector<int16_t> steps_;
};

// A kernel of one tap sees no neighbours: all places may stand in one row.
ImageWindow InOneRow(ImageWindow window) {
  if (window.single_tap() && !window.padded() && window.stride_height * window.stride_width == 1) {
    window.input_width *= std::exchange(window.input_height, 1);
  }
  return window;
}

}  // namespace

void AddDynamicQuantization(const Activation& in, const Activation& out, XnnPlan* plan) {
  plan->AddStep([in, out, &kernels = BestDynamicKernels()] {
    *out.dynamic = kernels.find_steps(in.floats(), in.size);
    kernels.round(in.floats(), in.size, *out.dynamic, out.bytes());
  });
}

void AddDynamicDequantization(const Activation& in, const Activation& out, XnnPlan* plan) {
  plan->AddStep([in, out] {
    const DynamicSteps steps = *in.dynamic;
    for (int64_t i = 0; i < in.size; ++i) {
      out.floats()[i] = static_cast<float>(in.bytes()[i] - steps.zero_point) * steps.scale;
    }
  });
}

void AddDynamicDense(int64_t rows, int64_t inputs, const DynamicWeights& weights, Clamp clamp,
                     const Activation& in, const Activation& out, XnnPlan* plan) {
  std::vector<int16_t> steps(static_cast<size_t>(rows * inputs + kDynamicReadAhead));
  plan->AddStep([rows, inputs, in, out, steps = std::move(steps),
                 layer = Layer(weights, clamp, 1, inputs),
                 run = BestDynamicKernels().dense]() mutable {
    std::copy_n(in.bytes(), rows * inputs, steps.begin());
    run(layer.layer(), {steps.data(), rows, inputs, inputs, *in.dynamic}, out.floats());
  });
}

absl::Status AddDynamicConvolution(const ImageWindow& window, const Groups& groups,
                                   const DynamicWeights& weights, Clamp clamp, const Activation& in,
                                   const Activation& out, XnnPlan* plan) {
  const bool depthwise = groups.count > 1 && groups.inputs == 1 && groups.outputs == 1;
  if (groups.count > 1 && !depthwise) {
    return absl::UnimplementedError("groups of channels over activations quantised at run time");
  }
  if (window.dilation_height != 1 || window.dilation_width != 1) {
    return absl::UnimplementedError("dilations over activations quantised at run time");
  }
  PaddedImage image(InOneRow(window), static_cast<int64_t>(groups.count * groups.inputs));
  const Layer layer(weights, clamp, window.kernel_height, window.kernel_width * image.channels());
  const DynamicKernels& kernels = BestDynamicKernels();
  const auto run = depthwise ? kernels.depthwise : kernels.dense;
  plan->AddStep([in, out, run, layer, image = std::move(image)]() mutable {
    image.Load(in.bytes(), in.dynamic->zero_point);
    const DynamicLayer loops = layer.layer();
    float* result = out.floats();
    for (int64_t y = 0; y < image.output_rows(); ++y) {
      run(loops, image.Places(y, *in.dynamic), result);
      result += image.output_columns() * loops.outputs;
    }
  });
  return absl::OkStatus();
}

}  // namespace tinyjoule
