// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/types/span.h"
#include "common/base/status.h"
#include "common/onnx/sliding_window.h"
#include "common/reference/reference_kernels.h"

// Convolution and pooling. One- and two-dimensional images are three-dimensional ones whose leading
// dimensions are 1, so that each operator is written once.

namespace tinyjoule {
namespace {

constexpr size_t kSpatial = 3;
using Extents = std::array<int64_t, kSpatial>;

Extents Padded(absl::Span<const int64_t> values, int64_t filler) {
  Extents extents;
  extents.fill(filler);
  std::copy(values.rbegin(), values.rend(), extents.rbegin());
  return extents;
}

int64_t Volume(const Extents& extents) { return extents[0] * extents[1] * extents[2]; }

struct Window {
  Extents input, output, kernel, strides, dilations, pads, pads_end;

  // Calls visit(element of the kernel, element of the input) for every element of the kernel at
  // output place `at` that lies on the input.
  template <typename Visit>
  void ForEachTap(const Extents& at, const Visit& visit) const {
    for (int64_t z = 0; z < kernel[0]; ++z) {
      const int64_t iz = at[0] * strides[0] - pads[0] + z * dilations[0];
      if (iz < 0 || iz >= input[0]) continue;
      for (int64_t y = 0; y < kernel[1]; ++y) {
        const int64_t iy = at[1] * strides[1] - pads[1] + y * dilations[1];
        if (iy < 0 || iy >= input[1]) continue;
        for (int64_t x = 0; x < kernel[2]; ++x) {
          const int64_t ix = at[2] * strides[2] - pads[2] + x * dilations[2];
          if (ix < 0 || ix >= input[2]) continue;
          visit((z * kernel[1] + y) * kernel[2] + x, (iz * input[1] + iy) * input[2] + ix);
        }
      }
    }
  }

  // Calls body(place, index) for every element of one output channel.
  template <typename Body>
  void ForEachOutput(const Body& body) const {
    int64_t index = 0;
    for (int64_t z = 0; z < output[0]; ++z) {
      for (int64_t y = 0; y < output[1]; ++y) {
        for (int64_t x = 0; x < output[2]; ++x) body(Extents{z, y, x}, index++);
      }
    }
  }

  // Elements of the kernel that lie on the input or its padding: fewer than the kernel has where
  // ceil_mode lets it stick out.
  int64_t TapsWithPadding(const Extents& at) const {
    int64_t taps = 1;
    for (size_t i = 0; i < kSpatial; ++i) {
      const int64_t first = at[i] * strides[i];
      const int64_t room = input[i] + pads[i] + pads_end[i] - first;
      taps *= std::min(kernel[i], (room + dilations[i] - 1) / dilations[i]);
    }
    return taps;
  }
};

absl::StatusOr<Window> WindowOf(const KernelOperands& operands, absl::Span<const int64_t> kernel) {
  const auto spatial = absl::MakeConstSpan(operands.in(0).shape).subspan(2);
  TJ_ASSIGN_OR_RETURN(const SlidingWindow sliding,
                      SlidingWindowOf(operands.node(), spatial, kernel));
  return Window{Padded(spatial, 1),           Padded(sliding.output, 1),
                Padded(sliding.kernel, 1),    Padded(sliding.strides, 1),
                Padded(sliding.dilations, 1), Padded(sliding.pads_begin, 0),
                Padded(sliding.pads_end, 0)};
}

struct Convolution {
  Window window;
  int64_t batch, groups, group_inputs, group_outputs;
  const float* input;
  const float* weights;
  const float* bias;
  float* output;

  void Run() const {
    for (int64_t n = 0; n < batch; ++n) {
      for (int64_t m = 0; m < groups * group_outputs; ++m) RunChannel(n, m);
    }
  }

  void RunChannel(int64_t n, int64_t m) const {
    const int64_t first_input = n * groups * group_inputs + m / group_outputs * group_inputs;
    float* const out = output + (n * groups * group_outputs + m) * Volume(window.output);
    window.ForEachOutput([&](const Extents& at, int64_t index) {
      float sum = bias == nullptr ? 0.0f : bias[m];
      for (int64_t c = 0; c < group_inputs; ++c) {
        const float* const in = input + (first_input + c) * Volume(window.input);
        const float* const kernel = weights + (m * group_inputs + c) * Volume(window.kernel);
        window.ForEachTap(at, [&](int64_t tap, int64_t place) { sum += kernel[tap] * in[place]; });
      }
      out[index] = sum;
    });
  }
};

float AverageAt(const Window& window, const Extents& at, const float* in, bool count_padding) {
  float sum = 0;
  int64_t taps = 0;
  window.ForEachTap(at, [&](int64_t, int64_t place) {
    sum += in[place];
    ++taps;
  });
  return sum / static_cast<float>(count_padding ? window.TapsWithPadding(at) : taps);
}

template <typename T>
T MaximumAt(const Window& window, const Extents& at, const T* in) {
  T largest = std::numeric_limits<T>::lowest();
  window.ForEachTap(at, [&](int64_t, int64_t place) { largest = std::max(largest, in[place]); });
  return largest;
}

// Applies `pool(at, channel)` to every output of every channel.
template <typename T, typename Pool>
ReferenceKernel PoolChannels(const KernelOperands& operands, const Window& window, Pool pool) {
  return [window, pool, in = operands.input<T>(0), out = operands.output<T>(),
          channels = operands.in(0).shape[0] * operands.in(0).shape[1]] {
    for (int64_t c = 0; c < channels; ++c) {
      const T* const channel_in = in + c * Volume(window.input);
      T* const channel_out = out + c * Volume(window.output);
      window.ForEachOutput(
          [&](const Extents& at, int64_t index) { channel_out[index] = pool(at, channel_in); });
    }
  };
}

template <typename T>
ReferenceKernel MakeMaxPool(const KernelOperands& operands, const Window& window) {
  return PoolChannels<T>(operands, window, [window](const Extents& at, const T* in) {
    return MaximumAt(window, at, in);
  });
}

}  // namespace

absl::StatusOr<ReferenceKernel> MakeConvKernel(const KernelOperands& operands) {
  const Shape& input = operands.in(0).shape;
  const Shape& weights = operands.in(1).shape;
  Convolution convolution;
  TJ_ASSIGN_OR_RETURN(convolution.window,
                      WindowOf(operands, absl::MakeConstSpan(weights).subspan(2)));
  convolution.batch = input[0];
  convolution.groups = operands.node().Int("group", 1);
  convolution.group_inputs = weights[1];
  convolution.group_outputs = weights[0] / convolution.groups;
  convolution.input = operands.input<float>(0);
  convolution.weights = operands.input<float>(1);
  convolution.bias = operands.Has(2) ? operands.input<float>(2) : nullptr;
  convolution.output = operands.output<float>();
  return ReferenceKernel([convolution] { convolution.Run(); });
}

absl::StatusOr<ReferenceKernel> MakePoolKernel(const KernelOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const Window window, WindowOf(operands, {}));
  const ElementType type = operands.in(0).type;
  if (operands.node().op_type == "MaxPool") {
    if (type == ElementType::kFloat) return MakeMaxPool<float>(operands, window);
    if (type == ElementType::kInt8) return MakeMaxPool<int8_t>(operands, window);
    if (type == ElementType::kUint8) return MakeMaxPool<uint8_t>(operands, window);
    return UnimplementedType(type);
  }
  if (type != ElementType::kFloat) return UnimplementedType(type);
  const bool count_padding = operands.node().Int("count_include_pad", 0) != 0;
  return PoolChannels<float>(operands, window,
                             [window, count_padding](const Extents& at, const float* in) {
                               return AverageAt(window, at, in, count_padding);
                             });
}

absl::StatusOr<ReferenceKernel> MakeGlobalPoolKernel(const KernelOperands& operands) {
  const int64_t channels = operands.in(0).shape[0] * operands.in(0).shape[1];
  const int64_t size = channels == 0 ? 0 : operands.in(0).size() / channels;
  if (size == 0) return absl::InvalidArgumentError("it pools nothing");
  const bool average = operands.node().op_type == "GlobalAveragePool";
  return ReferenceKernel([=, in = operands.input<float>(0), out = operands.output<float>()] {
    for (int64_t c = 0; c < channels; ++c) {
      const float* const first = in + c * size;
      float sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += first[i];
      out[c] = average ? sum / static_cast<float>(size) : *std::max_element(first, first + size);
    }
  });
}

absl::StatusOr<ReferenceKernel> MakeBatchNormalizationKernel(const KernelOperands& operands) {
  const Shape& shape = operands.in(0).shape;
  const float epsilon = operands.node().Float("epsilon", 1e-5f);
  return ReferenceKernel([operands, epsilon, view = ViewAround(shape, 1)] {
    for (int64_t i = 0; i < operands.in(0).size(); ++i) {
      const int64_t c = i / view.inner % view.axis;
      const float deviation = std::sqrt(operands.input<float>(4)[c] + epsilon);
      const float normal = (operands.input<float>(0)[i] - operands.input<float>(3)[c]) / deviation;
      operands.output<float>()[i] =
          operands.input<float>(1)[c] * normal + operands.input<float>(2)[c];
    }
  });
}

}  // namespace tinyjoule
