// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_WEIGHTS_H_
#define AGENT_RUNNER_XNNPACK_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/runner/xnnpack_dynamic.h"
#include "agent/runner/xnnpack_fusion.h"
#include "agent/runner/xnnpack_operators.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// The constants of Conv, Gemm and MatMul nodes in the order that XNNPACK packs.

// A constant, or a dequantised one, as float32. Unimplemented: not a constant.
absl::StatusOr<std::vector<float>> ConstantFloats(const OnnxGraph& graph, int value);

// Scale and zero point of a QuantizeLinear or DequantizeLinear of an activation. Unimplemented: not
// int8, or a scale per channel.
absl::StatusOr<Quantization> QuantizationOf(const OnnxGraph& graph, const GraphNode& node);

// Of a Conv, with a BatchNormalization folded in.
absl::StatusOr<FloatWeights> ConvolutionWeights(const OnnxGraph& graph, const FusedNodes& fused);
absl::StatusOr<Int8Weights> Int8ConvolutionWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                                   float input_scale);

absl::StatusOr<DynamicWeights> DynamicConvolutionWeights(const OnnxGraph& graph,
                                                         const FusedNodes& fused);

// Of a BatchNormalization on its own: one factor and one summand per channel.
absl::StatusOr<FloatWeights> NormalizationWeights(const OnnxGraph& graph, const GraphNode& node);

// The sizes of a Gemm or MatMul: rows x inputs times inputs x outputs.
struct DenseShape {
  int64_t rows = 1;
  int64_t inputs = 1;
  int64_t outputs = 1;
};
// Unimplemented: factors that are no layer over constant weights.
absl::StatusOr<DenseShape> DenseShapeOf(const OnnxGraph& graph, const GraphNode& node);

// Of a Gemm or MatMul over an activation that lies in `channels` channels: the inputs are put in
// the order of its memory. [outputs, inputs].
absl::StatusOr<FloatWeights> DenseWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                          int64_t channels);
absl::StatusOr<DynamicWeights> DynamicDenseWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                                   int64_t channels);
absl::StatusOr<Int8Weights> Int8DenseWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                             int64_t channels, float input_scale);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_WEIGHTS_H_
