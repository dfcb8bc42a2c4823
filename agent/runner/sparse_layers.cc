// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/sparse_layers.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace tinyjoule {
namespace {

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

// A convolution over an image with its border, channels first, each channel in stride x stride
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
  bool lines_have_borders() const { return rows_.out > 1 && columns_.phase_size > columns_.out; }

  void Pad(const float* in, float* padded) const {
    for (int64_t channel = 0; channel < channels_; ++channel) {
      for (int64_t y = 0; y < rows_.size; ++y) {
        const float* row = in + (channel * rows_.size + y) * columns_.size;
        for (int64_t phase = 0; phase < columns_.stride; ++phase) {
          PadRow(row, phase, padded + PhaseStart(channel, y + rows_.pad, phase));
        }
      }
    }
  }

  void Run(const float* padded, float* lines) const {
    kernels_.convolve(matrix_.rows(), padded, line(), lines, line());
  }

  void LeaveOutBorders(const float* lines, float* out) const {
    for (int64_t channel = 0; channel < matrix_.rows().rows; ++channel) {
      const float* from = lines + channel * line();
      for (int64_t y = 0; y < rows_.out; ++y) {
        out = std::copy_n(from + y * columns_.phase_size, columns_.out, out);
      }
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

  void PadRow(const float* row, int64_t phase, float* to) const {
    // The first column of the input that is of this phase.
    int64_t x = (phase + columns_.stride - columns_.PhaseOf(columns_.pad)) % columns_.stride;
    to += columns_.PlaceOf(x + columns_.pad);
    if (columns_.stride == 1) {
      std::copy_n(row, columns_.size, to);
      return;
    }
    for (; x < columns_.size; x += columns_.stride) *to++ = row[x];
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

double ShareOfZeros(const FloatWeights& weights) {
  const auto zeros = std::count(weights.values.begin(), weights.values.end(), 0.0f);
  return static_cast<double>(zeros) / static_cast<double>(weights.values.size());
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

void AddSparseConvolution(const ImageWindow& window, const Groups& groups,
                          const FloatWeights& weights, Clamp clamp, const Activation& in,
                          const Activation& out, XnnPlan* plan, const SparseKernels& kernels) {
  const auto convolution =
      std::make_shared<SparseConvolution>(window, groups, weights, clamp, kernels);
  const float* const image = in.floats();
  // A copy even without a border: behind the input's own buffer the kernels could not read ahead.
  float* const padded =
      plan->NewActivation(convolution->padded_size() + kSparseReadAhead, 1).floats();
  float* const result = out.floats();
  if (!convolution->lines_have_borders()) {
    plan->AddStep([=] {
      convolution->Pad(image, padded);
      convolution->Run(padded, result);
    });
    return;
  }
  const int64_t outputs = static_cast<int64_t>(weights.bias.size());
  float* const lines = plan->NewActivation(outputs * convolution->line(), 1).floats();
  plan->AddStep([=] {
    convolution->Pad(image, padded);
    convolution->Run(padded, lines);
    convolution->LeaveOutBorders(lines, result);
  });
}

}  // namespace tinyjoule
