// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include "agent/runner/torch/torch_steps.h"
#include "common/base/status.h"

namespace tinyjoule {

using at::Tensor;

absl::StatusOr<TorchStep> MakeUnary(const TorchOperands& operands) {
  static const auto* const functions = new std::map<std::string, Tensor (*)(const Tensor&)>{
      {"Abs", [](const Tensor& x) { return at::abs(x); }},
      {"Exp", [](const Tensor& x) { return at::exp(x); }},
      {"Log", [](const Tensor& x) { return at::log(x); }},
      {"Neg", [](const Tensor& x) { return at::neg(x); }},
      {"Reciprocal", [](const Tensor& x) { return at::reciprocal(x); }},
      {"Relu", [](const Tensor& x) { return at::relu(x); }},
      {"Sigmoid", [](const Tensor& x) { return at::sigmoid(x); }},
      {"Sqrt", [](const Tensor& x) { return at::sqrt(x); }},
      {"Tanh", [](const Tensor& x) { return at::tanh(x); }}};
  return TorchStep([&in = operands.in(0), &out = operands.out(),
                    function = functions->at(operands.node().op_type)] { out = function(in); });
}

absl::StatusOr<TorchStep> MakeLeakyRelu(const TorchOperands& operands) {
  const float slope = operands.node().Float("alpha", 0.01f);
  return TorchStep(
      [&in = operands.in(0), &out = operands.out(), slope] { out = at::leaky_relu(in, slope); });
}

absl::StatusOr<TorchStep> MakeBinary(const TorchOperands& operands) {
  using Function = Tensor (*)(const Tensor&, const Tensor&);
  static const auto* const functions = new std::map<std::string, Function>{
      {"Add", [](const Tensor& a, const Tensor& b) { return at::add(a, b); }},
      {"Div", [](const Tensor& a, const Tensor& b) { return at::div(a, b); }},
      {"Equal", [](const Tensor& a, const Tensor& b) { return at::eq(a, b); }},
      {"Greater", [](const Tensor& a, const Tensor& b) { return at::gt(a, b); }},
      {"Less", [](const Tensor& a, const Tensor& b) { return at::lt(a, b); }},
      {"Mul", [](const Tensor& a, const Tensor& b) { return at::mul(a, b); }},
      {"Pow", [](const Tensor& a, const Tensor& b) { return at::pow(a, b.to(at::kFloat)); }},
      {"Sub", [](const Tensor& a, const Tensor& b) { return at::sub(a, b); }}};
  const std::string& op = operands.node().op_type;
  // LibTorch throws at an integer division by 0 and makes a float of an integer power.
  const bool floats_only = op == "Div" || op == "Pow";
  if (floats_only && operands.type(0) != ElementType::kFloat)
    return UnimplementedElements(operands.type(0));
  return TorchStep([&a = operands.in(0), &b = operands.in(1), &out = operands.out(),
                    function = functions->at(op)] { out = function(a, b); });
}

// Min and Max of any number of operands.
absl::StatusOr<TorchStep> MakeExtreme(const TorchOperands& operands) {
  const bool is_max = operands.node().op_type == "Max";
  return TorchStep([inputs = operands.inputs, &out = operands.out(), is_max] {
    Tensor result = *inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
      result = is_max ? at::maximum(result, *inputs[i]) : at::minimum(result, *inputs[i]);
    }
    out = result;
  });
}

absl::StatusOr<TorchStep> MakeWhere(const TorchOperands& operands) {
  return TorchStep([&condition = operands.in(0), &a = operands.in(1), &b = operands.in(2),
                    &out = operands.out()] { out = at::where(condition, a, b); });
}

absl::StatusOr<TorchStep> MakeClip(const TorchOperands& operands) {
  const auto bound = [&](size_t index) {
    return operands.Has(index) ? c10::optional<Tensor>(operands.in(index).reshape({}))
                               : c10::nullopt;
  };
  for (size_t i = 1; i <= 2; ++i) {
    if (operands.Has(i) && !operands.IsConstant(i)) {
      return absl::UnimplementedError("bounds that are not constants");
    }
  }
  const auto low = bound(1);
  const auto high = bound(2);
  if (!low.has_value() && !high.has_value()) {
    return TorchStep([&in = operands.in(0), &out = operands.out()] { out = in; });
  }
  return TorchStep(
      [&in = operands.in(0), &out = operands.out(), low, high] { out = at::clamp(in, low, high); });
}

namespace {

at::ScalarType TorchType(ElementType type) {
  switch (type) {
    case ElementType::kFloat:
      return at::kFloat;
    case ElementType::kInt8:
      return at::kChar;
    case ElementType::kUint8:
      return at::kByte;
    case ElementType::kInt32:
      return at::kInt;
    case ElementType::kInt64:
      return at::kLong;
    case ElementType::kFloat16:
      return at::kHalf;
    case ElementType::kBool:
      break;
  }
  return at::kBool;
}

}  // namespace

absl::StatusOr<TorchStep> MakeCast(const TorchOperands& operands) {
  const at::ScalarType type = TorchType(operands.shapes.outputs[0]->type);
  return TorchStep([&in = operands.in(0), &out = operands.out(), type] { out = in.to(type); });
}

absl::StatusOr<TorchStep> MakeSoftmax(const TorchOperands& operands) {
  const int64_t axis = operands.node().Int("axis", -1);
  return TorchStep(
      [&in = operands.in(0), &out = operands.out(), axis] { out = at::softmax(in, axis); });
}

namespace {

// Scale or zero point in the shape that broadcasts over the first operand.
absl::StatusOr<Shape> QuantizationShape(const TorchOperands& operands) {
  if (operands.shapes.in(1).size() == 1) return Shape{};
  const size_t rank = operands.in_shape(0).size();
  TJ_ASSIGN_OR_RETURN(const size_t axis, NormalAxis(operands.node().Int("axis", 1), rank));
  Shape shape(rank, 1);
  shape[axis] = operands.shapes.in(1).size();
  return shape;
}

}  // namespace

absl::StatusOr<TorchStep> MakeQuantize(const TorchOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const Shape shape, QuantizationShape(operands));
  const bool is_signed = operands.shapes.outputs[0]->type == ElementType::kInt8;
  const at::ScalarType type = is_signed ? at::kChar : at::kByte;
  const int64_t low = is_signed ? -128 : 0;
  const Tensor* const zero_point = operands.Has(2) ? operands.inputs[2] : nullptr;
  return TorchStep([&in = operands.in(0), &scale = operands.in(1), zero_point,
                    &out = operands.out(), shape, type, low] {
    Tensor steps = at::round(at::nan_to_num(in / scale.reshape(shape)));
    if (zero_point != nullptr) steps = steps + zero_point->reshape(shape);
    out = at::clamp(steps, at::Scalar(low), at::Scalar(low + 255)).to(type);
  });
}

absl::StatusOr<TorchStep> MakeDequantize(const TorchOperands& operands) {
  TJ_ASSIGN_OR_RETURN(const Shape shape, QuantizationShape(operands));
  const Tensor* const zero_point = operands.Has(2) ? operands.inputs[2] : nullptr;
  return TorchStep(
      [&in = operands.in(0), &scale = operands.in(1), zero_point, &out = operands.out(), shape] {
        Tensor steps = in.to(at::kInt);
        if (zero_point != nullptr) steps = steps - zero_point->to(at::kInt).reshape(shape);
        out = steps.to(at::kFloat) * scale.reshape(shape);
      });
}

absl::StatusOr<TorchStep> MakeDynamicQuantize(const TorchOperands& operands) {
  if (operands.outputs.size() != 3) return absl::UnimplementedError("fewer than three results");
  return TorchStep([&in = operands.in(0), outputs = operands.outputs] {
    const Tensor low = at::clamp_max(in.min(), 0);
    const Tensor span = at::clamp_min(in.max(), 0) - low;
    // ONNX leaves open what a tensor of zeros gives.
    const Tensor scale = at::where(span > 0, span / 255.0F, at::ones_like(span));
    const Tensor zero_point = at::round(-low / scale);
    *outputs[0] = at::clamp(at::round(in / scale) + zero_point, 0, 255).to(at::kByte);
    *outputs[1] = scale;
    *outputs[2] = zero_point.to(at::kByte);
  });
}

}  // namespace tinyjoule
