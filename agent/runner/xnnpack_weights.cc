// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/half_float.h"

namespace tinyjoule {
namespace {

// The float value of a dequantised constant.
absl::StatusOr<std::vector<float>> DequantizedConstant(const OnnxGraph& graph,
                                                       const GraphNode& node) {
  const GraphValue& steps = graph.value(node.inputs[0]);
  TJ_ASSIGN_OR_RETURN(const std::vector<float> scales, ConstantFloats(graph, node.inputs[1]));
  if (node.input(2) >= 0 &&
      absl::c_any_of(graph.value(node.inputs[2]).data, [](uint8_t byte) { return byte != 0; })) {
    return absl::UnimplementedError("a constant with a zero point other than 0");
  }
  int64_t inner = 1;
  if (scales.size() > 1) {
    const int64_t rank = static_cast<int64_t>(steps.shape.size());
    const int64_t axis = node.Int("axis", 1);
    for (int64_t i = (axis < 0 ? axis + rank : axis) + 1; i < rank; ++i) {
      inner *= steps.shape[static_cast<size_t>(i)];
    }
  }
  std::vector<float> values;
  for (int64_t i = 0; i < steps.size(); ++i) {
    const size_t place = static_cast<size_t>(i);
    const float step = steps.type == ElementType::kInt32
                           ? static_cast<float>(steps.elements<int32_t>()[place])
                           : static_cast<float>(steps.elements<int8_t>()[place]);
    values.push_back(step * scales[static_cast<size_t>(i / inner) % scales.size()]);
  }
  return values;
}

std::vector<float> FloatsOf(absl::Span<const HalfFloat> halves) {
  std::vector<float> values;
  for (const HalfFloat half : halves) values.push_back(static_cast<float>(half));
  return values;
}

// Int8 weights as the graph has them.
struct Int8Constant {
  const GraphValue* steps = nullptr;
  std::vector<float> scales;
};

// The constant behind the DequantizeLinear of a weights operand, whose scales are one or one per
// index of `output_axis`.
absl::StatusOr<Int8Constant> Int8ConstantOf(const OnnxGraph& graph, int value, size_t output_axis) {
  const GraphNode* const node = ProducerOf(graph, value);
  if (node == nullptr || node->op_type != "DequantizeLinear" ||
      !graph.value(node->inputs[0]).constant) {
    return absl::UnimplementedError("int8 activations with weights that are not int8 constants");
  }
  Int8Constant constant;
  constant.steps = &graph.value(node->inputs[0]);
  if (constant.steps->type != ElementType::kInt8) {
    return absl::UnimplementedError(
        absl::StrCat("weights of ", ElementTypeName(constant.steps->type)));
  }
  if (node->input(2) >= 0 &&
      absl::c_any_of(graph.value(node->inputs[2]).data, [](uint8_t byte) { return byte != 0; })) {
    return absl::UnimplementedError("int8 weights with a zero point other than 0");
  }
  TJ_ASSIGN_OR_RETURN(constant.scales, ConstantFloats(graph, node->inputs[1]));
  const int64_t rank = static_cast<int64_t>(constant.steps->shape.size());
  const int64_t axis = node->Int("axis", 1);
  if (constant.scales.size() > 1 &&
      (axis < 0 ? axis + rank : axis) != static_cast<int64_t>(output_axis)) {
    return absl::UnimplementedError("int8 weights with a scale per input");
  }
  return constant;
}

// The bias in steps of input scale x weight scale.
std::vector<int32_t> QuantizeBias(const std::vector<float>& bias, float input_scale,
                                  const std::vector<float>& scales) {
  std::vector<int32_t> steps;
  for (size_t i = 0; i < bias.size(); ++i) {
    const double step = static_cast<double>(input_scale) * scales[i % scales.size()];
    const double exact = std::nearbyint(bias[i] / step);
    // A file with a scale of 0 has no bias that could be told.
    steps.push_back(std::isnan(exact)
                        ? 0
                        : static_cast<int32_t>(std::clamp(exact, -2147483648.0, 2147483647.0)));
  }
  return steps;
}

// [outputs, inputs, taps] to [outputs, taps, inputs].
template <typename T>
std::vector<T> InputsLast(absl::Span<const T> values, const Shape& shape) {
  const int64_t inputs = shape[1];
  const int64_t taps = ElementCount(shape) / (shape[0] * inputs);
  std::vector<T> result(values.size());
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i) {
    const int64_t tap = i % taps;
    const int64_t input = i / taps % inputs;
    const int64_t output = i / taps / inputs;
    result[static_cast<size_t>((output * taps + tap) * inputs + input)] =
        values[static_cast<size_t>(i)];
  }
  return result;
}

// [inputs, outputs] (or [outputs, inputs] when transposed) to [outputs, inputs], each row of inputs
// in the order of an activation of `channels` channels.
template <typename T>
std::vector<T> InMemoryOrder(absl::Span<const T> values, DenseShape shape, bool transposed,
                             int64_t channels) {
  std::vector<T> result(values.size());
  const int64_t pixels = shape.inputs / channels;
  for (int64_t output = 0; output < shape.outputs; ++output) {
    for (int64_t input = 0; input < shape.inputs; ++input) {
      const int64_t place = input % pixels * channels + input / pixels;
      const int64_t from =
          transposed ? output * shape.inputs + input : input * shape.outputs + output;
      result[static_cast<size_t>(output * shape.inputs + place)] =
          values[static_cast<size_t>(from)];
    }
  }
  return result;
}

// One scale for each output.
std::vector<float> ForEachOutput(const std::vector<float>& scales, size_t outputs) {
  return scales.size() == 1 ? std::vector<float>(outputs, scales[0]) : scales;
}

bool HasTransposedWeights(const GraphNode& node) {
  return node.op_type == "Gemm" && node.Int("transB", 0) != 0;
}

// One bias per output: that of Gemm (input 2) or of an Add behind a MatMul.
absl::StatusOr<std::vector<float>> DenseBias(const OnnxGraph& graph, const FusedNodes& fused,
                                             int64_t outputs) {
  const bool is_gemm = fused.core->op_type == "Gemm";
  const int value = is_gemm ? fused.core->input(2) : fused.bias;
  std::vector<float> bias(static_cast<size_t>(outputs), 0.0f);
  if (value < 0) return bias;
  TJ_ASSIGN_OR_RETURN(const std::vector<float> given, ConstantFloats(graph, value));
  if (given.size() != 1 && given.size() != bias.size()) {
    return absl::UnimplementedError("a bias per row");
  }
  const float beta = is_gemm ? fused.core->Float("beta", 1.0f) : 1.0f;
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = beta * given[given.size() == 1 ? 0 : i];
  return bias;
}

// scale and shift of y = scale * x + shift, which BatchNormalization is once it is trained.
absl::Status FoldNormalization(const OnnxGraph& graph, const GraphNode& node,
                               FloatWeights* weights) {
  std::vector<float> inputs[4];
  for (size_t i = 0; i < 4; ++i) {
    TJ_ASSIGN_OR_RETURN(inputs[i], ConstantFloats(graph, node.input(i + 1)));
  }
  const auto& [gamma, beta, mean, variance] = inputs;
  const size_t row = weights->values.size() / gamma.size();
  for (size_t i = 0; i < gamma.size(); ++i) {
    const float scale = gamma[i] / std::sqrt(variance[i] + node.Float("epsilon", 1e-5f));
    for (size_t j = 0; j < row; ++j) weights->values[i * row + j] *= scale;
    weights->bias[i] = (weights->bias[i] - mean[i]) * scale + beta[i];
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<float>> ConstantFloats(const OnnxGraph& graph, int value) {
  if (value < 0) return absl::InvalidArgumentError("a constant is absent");
  const GraphValue& constant = graph.value(value);
  if (constant.constant && constant.type == ElementType::kFloat) {
    const absl::Span<const float> elements = constant.elements<float>();
    return std::vector<float>(elements.begin(), elements.end());
  }
  const GraphNode* const producer = ProducerOf(graph, value);
  if (producer != nullptr && producer->op_type == "Cast") {
    const GraphValue& halves = graph.value(producer->inputs[0]);
    if (halves.constant && halves.type == ElementType::kFloat16 &&
        constant.type == ElementType::kFloat) {
      return FloatsOf(halves.elements<HalfFloat>());
    }
  }
  if (producer != nullptr && producer->op_type == "DequantizeLinear") {
    const GraphValue& steps = graph.value(producer->inputs[0]);
    if (steps.constant && steps.type != ElementType::kUint8) {
      return DequantizedConstant(graph, *producer);
    }
  }
  return absl::UnimplementedError(
      absl::StrCat("'", constant.name, "' is not a float32, float16 or int8 constant"));
}

absl::StatusOr<Quantization> QuantizationOf(const OnnxGraph& graph, const GraphNode& node) {
  TJ_ASSIGN_OR_RETURN(const std::vector<float> scales, ConstantFloats(graph, node.inputs[1]));
  const GraphValue* const zero = node.input(2) < 0 ? nullptr : &graph.value(node.input(2));
  const bool is_int8 = zero != nullptr && zero->constant && zero->type == ElementType::kInt8;
  if (scales.size() != 1 || !is_int8 || zero->size() != 1) {
    return absl::UnimplementedError(
        "an activation that is not int8 with one scale and a constant zero point");
  }
  if (!(scales[0] > 0) || !std::isnormal(scales[0])) {
    return absl::InvalidArgumentError(absl::StrCat("scale ", scales[0]));
  }
  return Quantization{scales[0], zero->elements<int8_t>()[0]};
}

absl::StatusOr<FloatWeights> ConvolutionWeights(const OnnxGraph& graph, const FusedNodes& fused) {
  const Shape& shape = graph.value(fused.core->inputs[1]).shape;
  TJ_ASSIGN_OR_RETURN(const std::vector<float> values,
                      ConstantFloats(graph, fused.core->inputs[1]));
  FloatWeights weights;
  weights.values = InputsLast(absl::MakeConstSpan(values), shape);
  weights.bias.assign(static_cast<size_t>(shape[0]), 0.0f);
  if (fused.core->input(2) >= 0) {
    TJ_ASSIGN_OR_RETURN(weights.bias, ConstantFloats(graph, fused.core->input(2)));
  }
  if (fused.normalization != nullptr) {
    TJ_RETURN_IF_ERROR(FoldNormalization(graph, *fused.normalization, &weights));
  }
  return weights;
}

absl::StatusOr<DynamicWeights> DynamicConvolutionWeights(const OnnxGraph& graph,
                                                         const FusedNodes& fused) {
  if (fused.normalization != nullptr) {
    return absl::UnimplementedError("BatchNormalization behind an int8 convolution");
  }
  TJ_ASSIGN_OR_RETURN(const Int8Constant constant, Int8ConstantOf(graph, fused.core->inputs[1], 0));
  DynamicWeights weights;
  weights.values = InputsLast(constant.steps->elements<int8_t>(), constant.steps->shape);
  const size_t outputs = static_cast<size_t>(constant.steps->shape[0]);
  weights.scales = ForEachOutput(constant.scales, outputs);
  weights.bias.assign(outputs, 0.0f);
  if (fused.core->input(2) >= 0) {
    TJ_ASSIGN_OR_RETURN(weights.bias, ConstantFloats(graph, fused.core->input(2)));
  }
  return weights;
}

absl::StatusOr<Int8Weights> Int8ConvolutionWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                                   float input_scale) {
  TJ_ASSIGN_OR_RETURN(DynamicWeights stored, DynamicConvolutionWeights(graph, fused));
  TJ_ASSIGN_OR_RETURN(const Int8Constant constant, Int8ConstantOf(graph, fused.core->inputs[1], 0));
  return Int8Weights{std::move(stored.values), constant.scales,
                     QuantizeBias(stored.bias, input_scale, constant.scales)};
}

absl::StatusOr<FloatWeights> NormalizationWeights(const OnnxGraph& graph, const GraphNode& node) {
  const size_t channels = static_cast<size_t>(graph.value(node.inputs[1]).size());
  FloatWeights weights = {std::vector<float>(channels, 1.0f), std::vector<float>(channels, 0.0f)};
  TJ_RETURN_IF_ERROR(FoldNormalization(graph, node, &weights));
  return weights;
}

absl::StatusOr<DenseShape> DenseShapeOf(const OnnxGraph& graph, const GraphNode& node) {
  const Shape& in = graph.value(node.inputs[0]).shape;
  const Shape& factor = graph.value(node.inputs[1]).shape;
  if (factor.size() != 2) return absl::UnimplementedError("weights that are no matrix");
  DenseShape shape;
  shape.inputs = factor[HasTransposedWeights(node) ? 1 : 0];
  shape.outputs = factor[HasTransposedWeights(node) ? 0 : 1];
  shape.rows = ElementCount(in) / std::max<int64_t>(shape.inputs, 1);
  const bool transposed_input = node.op_type == "Gemm" && node.Int("transA", 0) != 0;
  if (transposed_input && shape.rows != 1) return absl::UnimplementedError("transA 1");
  if (shape.inputs < 1 || shape.outputs < 1) return absl::UnimplementedError("empty weights");
  return shape;
}

absl::StatusOr<FloatWeights> DenseWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                          int64_t channels) {
  const GraphNode& node = *fused.core;
  TJ_ASSIGN_OR_RETURN(const DenseShape shape, DenseShapeOf(graph, node));
  TJ_ASSIGN_OR_RETURN(const std::vector<float> values, ConstantFloats(graph, node.inputs[1]));
  FloatWeights weights;
  weights.values =
      InMemoryOrder(absl::MakeConstSpan(values), shape, HasTransposedWeights(node), channels);
  const float alpha = node.Float("alpha", 1.0f);
  for (float& value : weights.values) value *= alpha;
  TJ_ASSIGN_OR_RETURN(weights.bias, DenseBias(graph, fused, shape.outputs));
  return weights;
}

absl::StatusOr<DynamicWeights> DynamicDenseWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                                   int64_t channels) {
  const GraphNode& node = *fused.core;
  TJ_ASSIGN_OR_RETURN(const DenseShape shape, DenseShapeOf(graph, node));
  const bool transposed = HasTransposedWeights(node);
  TJ_ASSIGN_OR_RETURN(const Int8Constant constant,
                      Int8ConstantOf(graph, node.inputs[1], transposed ? 0 : 1));
  DynamicWeights weights;
  weights.values = InMemoryOrder(constant.steps->elements<int8_t>(), shape, transposed, channels);
  weights.scales = ForEachOutput(constant.scales, static_cast<size_t>(shape.outputs));
  for (float& scale : weights.scales) scale *= node.Float("alpha", 1.0f);
  TJ_ASSIGN_OR_RETURN(weights.bias, DenseBias(graph, fused, shape.outputs));
  return weights;
}

absl::StatusOr<Int8Weights> Int8DenseWeights(const OnnxGraph& graph, const FusedNodes& fused,
                                             int64_t channels, float input_scale) {
  TJ_ASSIGN_OR_RETURN(DynamicWeights stored, DynamicDenseWeights(graph, fused, channels));
  const bool transposed = HasTransposedWeights(*fused.core);
  TJ_ASSIGN_OR_RETURN(const Int8Constant constant,
                      Int8ConstantOf(graph, fused.core->inputs[1], transposed ? 0 : 1));
  // One scale for the layer stays one: XNNPACK has an operator of its own for that.
  if (constant.scales.size() == 1) stored.scales.resize(1);
  std::vector<int32_t> bias = QuantizeBias(stored.bias, input_scale, stored.scales);
  return Int8Weights{std::move(stored.values), std::move(stored.scales), std::move(bias)};
}

}  // namespace tinyjoule
