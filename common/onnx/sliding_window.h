// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_SLIDING_WINDOW_H_
#define COMMON_ONNX_SLIDING_WINDOW_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// How the kernel of a Conv or pooling node moves over the spatial dimensions of its input: one
// entry per spatial dimension, auto_pad and ceil_mode resolved.
struct SlidingWindow {
  Shape kernel;
  Shape strides;
  Shape dilations;
  Shape pads_begin;
  Shape pads_end;
  Shape output;
};

// `kernel`: the node's kernel_shape, or the weights' own. InvalidArgument: attributes that do not
// fit, or a kernel that is larger than the padded input.
absl::StatusOr<SlidingWindow> SlidingWindowOf(const GraphNode& node,
                                              absl::Span<const int64_t> input_spatial,
                                              absl::Span<const int64_t> kernel);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_SLIDING_WINDOW_H_
