// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/sliding_window.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// Far above any window of a small model; keeps the arithmetic below from overflowing.
constexpr int64_t kMaxAttribute = 1 << 20;

absl::Status CheckRange(absl::string_view what, absl::Span<const int64_t> values, size_t count,
                        int64_t minimum) {
  const bool in_range = std::all_of(values.begin(), values.end(), [&](int64_t value) {
    return value >= minimum && value <= kMaxAttribute;
  });
  if (values.size() == count && in_range) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " ", ShapeText(values), " for ", count, " values from ", minimum, " on"));
}

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// SAME_UPPER and SAME_LOWER: as many outputs as ceil(input / stride), padding shared out evenly.
void PadToSame(absl::Span<const int64_t> input, bool upper, SlidingWindow* window) {
  for (size_t i = 0; i < input.size(); ++i) {
    const int64_t extent = (window->kernel[i] - 1) * window->dilations[i] + 1;
    const int64_t outputs = CeilDivide(input[i], window->strides[i]);
    const int64_t total =
        std::max<int64_t>(0, (outputs - 1) * window->strides[i] + extent - input[i]);
    const int64_t small = total / 2;
    window->pads_begin[i] = upper ? small : total - small;
    window->pads_end[i] = total - window->pads_begin[i];
  }
}

absl::Status ReadPads(const GraphNode& node, absl::Span<const int64_t> input,
                      SlidingWindow* window) {
  const size_t rank = input.size();
  window->pads_begin.assign(rank, 0);
  window->pads_end.assign(rank, 0);
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    PadToSame(input, auto_pad == "SAME_UPPER", window);
  } else if (auto_pad == "NOTSET") {
    const Shape pads = node.Ints("pads", Shape(2 * rank, 0));
    TJ_RETURN_IF_ERROR(CheckRange("pads", pads, 2 * rank, 0));
    window->pads_begin.assign(pads.begin(), pads.begin() + static_cast<int64_t>(rank));
    window->pads_end.assign(pads.begin() + static_cast<int64_t>(rank), pads.end());
  } else if (auto_pad != "VALID") {
    return absl::InvalidArgumentError(absl::StrCat("auto_pad ", auto_pad));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> OutputExtent(const SlidingWindow& window, size_t i, int64_t input,
                                     bool round_up) {
  const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
  const int64_t free = input + window.pads_begin[i] + window.pads_end[i] - extent;
  if (free < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a kernel of extent ", extent, " is larger than the padded input of ", free + extent));
  }
  const int64_t stride = window.strides[i];
  if (!round_up) return free / stride + 1;
  const int64_t output = CeilDivide(free, stride) + 1;
  // No window may start in the padding behind the input.
  return (output - 1) * stride >= input + window.pads_begin[i] ? output - 1 : output;
}

}  // namespace

absl::StatusOr<SlidingWindow> SlidingWindowOf(const GraphNode& node,
                                              absl::Span<const int64_t> input_spatial,
                                              absl::Span<const int64_t> kernel) {
  const size_t rank = input_spatial.size();
  SlidingWindow window;
  window.kernel = node.Ints("kernel_shape", Shape(kernel.begin(), kernel.end()));
  window.strides = node.Ints("strides", Shape(rank, 1));
  window.dilations = node.Ints("dilations", Shape(rank, 1));
  TJ_RETURN_IF_ERROR(CheckRange("kernel_shape", window.kernel, rank, 1));
  TJ_RETURN_IF_ERROR(CheckRange("strides", window.strides, rank, 1));
  TJ_RETURN_IF_ERROR(CheckRange("dilations", window.dilations, rank, 1));
  if (!kernel.empty() && !std::equal(kernel.begin(), kernel.end(), window.kernel.begin())) {
    return absl::InvalidArgumentError(absl::StrCat("kernel_shape ", ShapeText(window.kernel),
                                                   " with weights of ", ShapeText(kernel)));
  }
  TJ_RETURN_IF_ERROR(ReadPads(node, input_spatial, &window));
  const bool round_up = node.Int("ceil_mode", 0) != 0;
  for (size_t i = 0; i < rank; ++i) {
    TJ_ASSIGN_OR_RETURN(const int64_t extent, OutputExtent(window, i, input_spatial[i], round_up));
    window.output.push_back(extent);
  }
  return window;
}

}  // namespace tinyjoule
