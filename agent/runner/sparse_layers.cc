// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/sparse_layers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace tinyjoule {
namespace {

// Measured layer by layer on a PC with AVX-512 (docs/adr/0019-zeros-need-an-engine.md).
constexpr double kCyclesPerNonzero = 1.3;
constexpr double kCyclesPerRow = 8;
constexpr double kCyclesPerVector = 1.3;
constexpr double kCyclesPerCopy = 1.4;
constexpr double kDenseCyclesPerVector = 3.5;
constexpr double kDenseConvolutionCyclesPerVector = 0.7;
// A value and where its input lies.
constexpr double kBytesPerNonzero = 8;
// Weights beyond a core's cache come from further away.
constexpr double kCacheBytes = 1 << 20;
constexpr double kBytesPerCycle = 10;

double CyclesOfMemory(double bytes) { return bytes > kCacheBytes ? bytes / kBytesPerCycle : 0; }

double CountNonzero(const FloatWeights& weights) {
  return static_cast<double>(
      std::count_if(weights.values.begin(), weights.values.end(), [](float w) { return w != 0; }));
}

// Owns what a SparseRows points to.
class SparseMatrix {
 public:
  // `weights` are [row][column]; place(row, column) is where the input of that weight lies.
  SparseMatrix(const FloatWeights& weights, Clamp clamp,
               const std::function<uint32_t(size_t, size_t)>& place)
      : bias_(weights.bias), clamp_(clamp) {
    const size_t columns = weights.values.size() / bias_.size();
    starts_.push_back(0);
    for (size_t row = 0; row < bias_.size(); ++row) {
      for (size_t column = 0; column < columns; ++column) {
        const float value = weights.values[row * columns + column];
        if (value == 0.0f) continue;
        places_.push_back(place(row, column));
        values_.push_back(value);
      }
      starts_.push_back(static_cast<uint32_t>(values_.size()));
    }
  }

  SparseRows rows() const {
    return {static_cast<int64_t>(bias_.size()),
            starts_.data(),
            places_.data(),
            values_.data(),
            bias_.data(),
            clamp_.low,
            clamp_.high};
  }

 private:
  std::vector<uint32_t> starts_;
  std::vector<uint32_t> places_;
  std::vector<float> values_;
  std::vector<float> bias_;
  Clamp clamp_;
};

// One side of an image on its way into phases: with a stride of s, every s-th row lies together,
// so that what one weight reads for neighbouring results is neighbouring too.
struct Side {
  int64_t size = 0;
  int64_t pad = 0;
  int64_t stride = 1;
  int64_t dilation = 1;
  // Of one phase, with the padding.
  int64_t phase_size = 0;
  int64_t out = 0;

  static Side Of(size_t size, uint32_t pad_before, uint32_t pad_behind, uint32_t kernel,
                 uint32_t stride, uint32_t dilation) {
    Side side;
    side.size = static_cast<int64_t>(size);
    side.pad = pad_before;
    side.stride = stride;
    side.dilation = dilation;
    const int64_t padded = side.size + pad_before + pad_behind;
    side.phase_size = (padded + side.stride - 1) / side.stride;
    side.out = (padded - (int64_t{kernel} - 1) * side.dilation - 1) / side.stride + 1;
    return side;
  }
  int64_t PhaseOf(int64_t padded) const { return padded % stride; }
  int64_t PlaceOf(int64_t padded) const { return padded / stride; }
};

// A convolution over an image with its border, channel after channel, each in stride x stride
// phases. All results of a channel are computed as one line as long as the image's rows with their
// borders; what falls on a border is computed too, and left out in the end.
class SparseConvolution {
 public:
  SparseConvolution(const ImageWindow& window, const Groups& groups, const FloatWeights& weights,
                    Clamp clamp, const SparseKernels& kernels)
      : kernels_(kernels),
        rows_(Side::Of(window.input_height, window.pad_top, window.pad_bottom, window.kernel_height,
                       window.stride_height, window.dilation_height)),
        columns_(Side::Of(window.input_width, window.pad_left, window.pad_right,
                          window.kernel_width, window.stride_width, window.dilation_width)),
        channels_(static_cast<int64_t>(groups.count * groups.inputs)),
        matrix_(weights, clamp, [&](size_t row, size_t column) {
          const int64_t tap = static_cast<int64_t>(column / groups.inputs);
          const size_t channel = row / groups.outputs * groups.inputs + column % groups.inputs;
          return PlaceOf(static_cast<int64_t>(channel), tap / window.kernel_width,
                         tap % window.kernel_width);
        }) {}

  // Of the image with its borders, and of the line of results of each channel.
  int64_t padded_size() const { return channels_ * ChannelSize(); }
  int64_t line() const { return (rows_.out - 1) * columns_.phase_size + columns_.out; }
  int64_t pixels() const { return rows_.out * columns_.out; }
  bool is_image() const { return rows_.out > 1; }

  // The image in ONNX's order, or channels last.
  void Pad(const float* in, bool channels_last, float* padded) const {
    for (int64_t y = 0; y < rows_.size; ++y) {
      for (int64_t phase = 0; phase < columns_.stride; ++phase) {
        float* const to = padded + PhaseStart(0, y + rows_.pad, phase);
        if (channels_last) {
          PadChannelsLast(in + y * columns_.size * channels_, phase, to);
        } else {
          PadChannelsFirst(in + y * columns_.size, phase, to);
        }
      }
    }
  }

  void Run(const float* padded, float* lines) const {
    kernels_.convolve(matrix_.rows(), padded, line(), lines, line());
  }

  // Channels last: the order of XNNPACK, and this copy is needed anyway.
  void LeaveOutBorders(const float* lines, float* out) const {
    const int64_t outputs = matrix_.rows().rows;
    for (int64_t y = 0; y < rows_.out; ++y) {
      kernels_.transpose(lines + y * columns_.phase_size, outputs, columns_.out, line(),
                         out + y * columns_.out * outputs, outputs);
    }
  }

 private:
  int64_t ChannelSize() const {
    return rows_.stride * columns_.stride * rows_.phase_size * columns_.phase_size;
  }

  // Where a row of the padded image begins in the phase of its columns.
  int64_t PhaseStart(int64_t channel, int64_t padded_row, int64_t column_phase) const {
    const int64_t phase = rows_.PhaseOf(padded_row) * columns_.stride + column_phase;
    return channel * ChannelSize() +
           (phase * rows_.phase_size + rows_.PlaceOf(padded_row)) * columns_.phase_size;
  }

  // The first column of the input that is of this phase.
  int64_t FirstColumn(int64_t phase) const {
    return (phase + columns_.stride - columns_.PhaseOf(columns_.pad)) % columns_.stride;
  }

  // One row of the input in all channels; `to` is where the row of the first channel begins.
  void PadChannelsLast(const float* row, int64_t phase, float* to) const {
    const int64_t x = FirstColumn(phase);
    const int64_t count = (columns_.size - x + columns_.stride - 1) / columns_.stride;
    kernels_.transpose(row + x * channels_, count, channels_, columns_.stride * channels_,
                       to + columns_.PlaceOf(x + columns_.pad), ChannelSize());
  }
  void PadChannelsFirst(const float* row, int64_t phase, float* to) const {
    const int64_t first = FirstColumn(phase);
    to += columns_.PlaceOf(first + columns_.pad);
    for (int64_t channel = 0; channel < channels_; ++channel) {
      float* next = to + channel * ChannelSize();
      const float* from = row + channel * rows_.size * columns_.size;
      for (int64_t x = first; x < columns_.size; x += columns_.stride) *next++ = from[x];
    }
  }

  uint32_t PlaceOf(int64_t channel, int64_t i, int64_t j) const {
    const int64_t column = j * columns_.dilation;
    return static_cast<uint32_t>(PhaseStart(channel, i * rows_.dilation, columns_.PhaseOf(column)) +
                                 columns_.PlaceOf(column));
  }

  const SparseKernels& kernels_;
  Side rows_;
  Side columns_;
  int64_t channels_;
  SparseMatrix matrix_;
};

}  // namespace

bool PaysSparseDense(const FloatWeights& weights, const SparseKernels& kernels) {
  const double count = static_cast<double>(weights.values.size());
  const double nonzero = CountNonzero(weights);
  const double rows = static_cast<double>(weights.bias.size());
  const double dense = std::max(kDenseCyclesPerVector * count / static_cast<double>(kernels.width),
                                CyclesOfMemory(count * sizeof(float)));
  // What a row costs is mostly the wrong guess where it ends.
  const double sparse = std::max(kCyclesPerNonzero * nonzero + kCyclesPerRow * rows,
                                 CyclesOfMemory(nonzero * kBytesPerNonzero));
  return sparse < dense;
}

bool PaysSparseConvolution(const FloatWeights& weights, int64_t pixels, int64_t values,
                           const SparseKernels& kernels) {
  const double count = static_cast<double>(weights.values.size());
  const double width = static_cast<double>(kernels.width);
  const double vectors = std::ceil(static_cast<double>(pixels) / width);
  const double dense =
      kDenseConvolutionCyclesPerVector * count * static_cast<double>(pixels) / width;
  const double sparse = kCyclesPerVector * CountNonzero(weights) * vectors +
                        kCyclesPerRow * static_cast<double>(weights.bias.size()) +
                        kCyclesPerCopy * static_cast<double>(values);
  return sparse < dense;
}

void AddSparseDense(int64_t rows, int64_t inputs, const FloatWeights& weights, Clamp clamp,
                    const Activation& in, const Activation& out, XnnPlan* plan,
                    const SparseKernels& kernels) {
  const auto matrix = std::make_shared<SparseMatrix>(
      weights, clamp, [](size_t, size_t column) { return static_cast<uint32_t>(column); });
  const int64_t outputs = static_cast<int64_t>(weights.bias.size());
  plan->AddStep([=, &kernels, from = in.floats(), to = out.floats()] {
    for (int64_t row = 0; row < rows; ++row) {
      kernels.multiply(matrix->rows(), from + row * inputs, to + row * outputs);
    }
  });
}

Activation AddSparseConvolution(const ImageWindow& window, const Groups& groups,
                                const FloatWeights& weights, Clamp clamp, const Activation& in,
                                XnnPlan* plan, const SparseKernels& kernels) {
  const auto convolution =
      std::make_shared<SparseConvolution>(window, groups, weights, clamp, kernels);
  const int64_t outputs = static_cast<int64_t>(weights.bias.size());
  const float* const image = in.floats();
  const bool channels_last = in.channels > 1;
  // A copy even without a border: behind the input's own buffer the kernels could not read ahead.
  float* const padded =
      plan->NewActivation(convolution->padded_size() + kSparseReadAhead, 1).floats();
  const Activation lines = plan->NewActivation(outputs * convolution->line(), 1);
  plan->AddStep([convolution, image, channels_last, padded, results = lines.floats()] {
    convolution->Pad(image, channels_last, padded);
    convolution->Run(padded, results);
  });
  if (!convolution->is_image()) return lines;
  const Activation out = plan->NewActivation(outputs * convolution->pixels(), outputs);
  plan->AddStep([convolution, from = lines.floats(), to = out.floats()] {
    convolution->LeaveOutBorders(from, to);
  });
  return out;
}

}  // namespace tinyjoule
