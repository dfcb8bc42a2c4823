// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_dynamic.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

namespace tinyjoule {
namespace {

// 1.5 x 2^23: adding it leaves no bit behind the point and rounds half to even, without a branch.
constexpr float kNoFraction = 12'582'912.0F;

// ONNX's DynamicQuantizeLinear, 128 lower: the steps are signed here.
DynamicSteps StepsOf(const float* values, int64_t size) {
  float low = 0;
  float high = 0;
  for (int64_t i = 0; i < size; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  if (high == low) return {1.0F, -128};
  const float scale = (high - low) / 255.0F;
  return {scale, static_cast<int32_t>(std::nearbyint(-low / scale)) - 128};
}

int32_t Dot(const int8_t* a, const int8_t* b, int64_t count) {
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// What sums of steps x stored weights become: one entry per output.
class Finish {
 public:
  Finish(const DynamicWeights& weights, Clamp clamp)
      : scales_(weights.scales), bias_(weights.bias), clamp_(clamp) {
    const int64_t fan_in = static_cast<int64_t>(weights.values.size() / scales_.size());
    for (size_t o = 0; o < scales_.size(); ++o) {
      const int8_t* const first = weights.values.data() + static_cast<int64_t>(o) * fan_in;
      int32_t sum = 0;
      for (int64_t i = 0; i < fan_in; ++i) sum += first[i];
      weight_sums_.push_back(sum);
    }
  }

  float operator()(size_t output, int32_t sum, const DynamicSteps& steps) const {
    const int32_t centered = sum - steps.zero_point * weight_sums_[output];
    const float value =
        steps.scale * scales_[output] * static_cast<float>(centered) + bias_[output];
    return std::min(std::max(value, clamp_.low), clamp_.high);
  }

 private:
  std::vector<float> scales_;
  std::vector<float> bias_;
  Clamp clamp_;
  // What a zero point of 1 adds to each sum.
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
        steps_(static_cast<size_t>(row_ * rows_)) {}

  void Load(const int8_t* image, int32_t zero_point) {
    std::fill(steps_.begin(), steps_.end(), static_cast<int8_t>(zero_point));
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
  // Where row `ky` of the kernel begins at an output's place.
  const int8_t* Taps(int64_t y, int64_t x, int64_t ky) const {
    return steps_.data() + (y * window_.stride_height + ky) * row_ +
           x * window_.stride_width * channels_;
  }

 private:
  ImageWindow window_;
  int64_t channels_;
  int64_t row_;
  int64_t rows_;
  std::vector<int8_t> steps_;
};

struct DynamicConvolution {
  ImageWindow window;
  DynamicWeights weights;
  Finish finish;
  PaddedImage image;
  Activation in;
  Activation out;
  std::vector<int32_t> sums;

  template <typename SumPlace>
  void ForEachPlace(const SumPlace& sum_place) {
    image.Load(in.bytes(), in.dynamic->zero_point);
    float* result = out.floats();
    for (int64_t y = 0; y < image.output_rows(); ++y) {
      for (int64_t x = 0; x < image.output_columns(); ++x) {
        sum_place(y, x);
        for (size_t o = 0; o < sums.size(); ++o) *result++ = finish(o, sums[o], *in.dynamic);
      }
    }
  }

  void RunDense() {
    const int64_t run = window.kernel_width * image.channels();
    ForEachPlace([&](int64_t y, int64_t x) {
      const int8_t* weight = weights.values.data();
      for (int32_t& sum : sums) {
        sum = 0;
        for (int64_t ky = 0; ky < window.kernel_height; ++ky, weight += run) {
          sum += Dot(image.Taps(y, x, ky), weight, run);
        }
      }
    });
  }

  // Weights [tap][channel].
  void RunDepthwise() {
    const int64_t channels = image.channels();
    ForEachPlace([&](int64_t y, int64_t x) {
      std::fill(sums.begin(), sums.end(), 0);
      const int8_t* weight = weights.values.data();
      for (int64_t ky = 0; ky < window.kernel_height; ++ky) {
        const int8_t* step = image.Taps(y, x, ky);
        for (int64_t kx = 0; kx < window.kernel_width; ++kx, step += channels, weight += channels) {
          for (int64_t c = 0; c < channels; ++c)
            sums[static_cast<size_t>(c)] += step[c] * weight[c];
        }
      }
    });
  }
};

// [channel][tap] to [tap][channel].
std::vector<int8_t> ChannelsLast(const std::vector<int8_t>& values, size_t channels) {
  const size_t taps = values.size() / channels;
  std::vector<int8_t> result(values.size());
  for (size_t i = 0; i < values.size(); ++i) result[i % taps * channels + i / taps] = values[i];
  return result;
}

}  // namespace

void AddDynamicQuantization(const Activation& in, const Activation& out, XnnPlan* plan) {
  plan->AddStep([in, out] {
    const DynamicSteps steps = StepsOf(in.floats(), in.size);
    *out.dynamic = steps;
    const float zero_point = static_cast<float>(steps.zero_point);
    const float* const values = in.floats();
    int8_t* const to = out.bytes();
    for (int64_t i = 0; i < in.size; ++i) {
      const float step = (values[i] / steps.scale + kNoFraction) - kNoFraction + zero_point;
      to[i] = static_cast<int8_t>(std::min(std::max(step, -128.0F), 127.0F));
    }
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

void AddDynamicDense(int64_t rows, int64_t inputs, DynamicWeights weights, Clamp clamp,
                     const Activation& in, const Activation& out, XnnPlan* plan) {
  const Finish finish(weights, clamp);
  const size_t outputs = weights.scales.size();
  plan->AddStep([=, values = std::move(weights.values)] {
    float* result = out.floats();
    for (int64_t row = 0; row < rows; ++row) {
      const int8_t* weight = values.data();
      for (size_t o = 0; o < outputs; ++o, weight += inputs) {
        *result++ = finish(o, Dot(in.bytes() + row * inputs, weight, inputs), *in.dynamic);
      }
    }
  });
}

absl::Status AddDynamicConvolution(const ImageWindow& window, const Groups& groups,
                                   DynamicWeights weights, Clamp clamp, const Activation& in,
                                   const Activation& out, XnnPlan* plan) {
  const bool depthwise = groups.count > 1 && groups.inputs == 1 && groups.outputs == 1;
  if (groups.count > 1 && !depthwise) {
    return absl::UnimplementedError("groups of channels over activations quantised at run time");
  }
  if (window.dilation_height != 1 || window.dilation_width != 1) {
    return absl::UnimplementedError("dilations over activations quantised at run time");
  }
  const size_t outputs = weights.scales.size();
  const Finish finish(weights, clamp);
  if (depthwise) weights.values = ChannelsLast(weights.values, outputs);
  const PaddedImage image(window, static_cast<int64_t>(groups.count * groups.inputs));
  // Shared: a step is copied, its buffers must not be.
  const auto convolution = std::make_shared<DynamicConvolution>(DynamicConvolution{
      window, std::move(weights), finish, image, in, out, std::vector<int32_t>(outputs)});
  if (depthwise) {
    plan->AddStep([convolution] { convolution->RunDepthwise(); });
  } else {
    plan->AddStep([convolution] { convolution->RunDense(); });
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule
