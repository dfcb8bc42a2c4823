// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/inference_engine_models.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

// Activations of the random models stay within this, so one step is 1/127th of it.
constexpr float kActivationBound = 4.0f;

Shape WithBatch(const Shape& shape) {
  Shape result = {-1};
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

}  // namespace

std::string ModelMaker::NewName(const std::string& what) {
  return absl::StrCat(what, "_", names_++);
}

std::vector<float> ModelMaker::Uniform(size_t count, float low, float high) {
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random_);
  return values;
}

void ModelMaker::Input(const Shape& shape) {
  builder_.AddInput("input", WithBatch(shape));
  Requantize();
}

void ModelMaker::Requantize() {
  if (precision_ == Precision::kFloat32 || precision_ == Precision::kInt8Dynamic) return;
  step_ = kActivationBound / 127.0f;
  const std::string scale = NewName("scale");
  const std::string zero = NewName("zero");
  const std::string quantized = NewName("quantized");
  const std::string real = NewName("real");
  builder_.AddScalar(scale, step_);
  // Not 0, so that a mistake with zero points shows.
  builder_.AddScalar(zero, static_cast<int8_t>(static_cast<int>(random_() % 21) - 10));
  builder_.AddNode("QuantizeLinear", {current_, scale, zero}, {quantized});
  builder_.AddNode("DequantizeLinear", {quantized, scale, zero}, {real});
  current_ = real;
}

std::string ModelMaker::Weights(const Shape& shape, int64_t channel_axis, float bound) {
  const std::string name = NewName("weights");
  const size_t count = static_cast<size_t>(ElementCount(shape));
  if (precision_ == Precision::kFloat32) {
    std::vector<float> values = Uniform(count, -bound, bound);
    std::bernoulli_distribution zero(zeros_);
    for (float& value : values) value = zeros_ > 0 && zero(random_) ? 0.0f : value;
    builder_.AddInitializer(name, shape, values);
    return name;
  }
  std::vector<int8_t> steps(count);
  for (int8_t& step : steps) step = static_cast<int8_t>(static_cast<int>(random_() % 255) - 127);
  const int64_t channels =
      precision_ == Precision::kInt8PerTensor ? 1 : shape[static_cast<size_t>(channel_axis)];
  weight_scales_ = Uniform(static_cast<size_t>(channels), 0.3f * bound / 127, bound / 127);
  const Shape scale_shape = channels == 1 ? Shape{} : Shape{channels};
  builder_.AddInitializer(name + "_int8", shape, steps);
  builder_.AddInitializer(name + "_scale", scale_shape, weight_scales_);
  builder_.AddInitializer(name + "_zero", scale_shape,
                          std::vector<int8_t>(static_cast<size_t>(channels), 0));
  builder_.AddNode("DequantizeLinear", {name + "_int8", name + "_scale", name + "_zero"}, {name},
                   {IntAttribute("axis", channel_axis)});
  return name;
}

std::string ModelMaker::Bias(int64_t count) {
  const std::string name = NewName("bias");
  const std::vector<float> values = Uniform(static_cast<size_t>(count), -0.5f, 0.5f);
  if (precision_ == Precision::kFloat32 || precision_ == Precision::kInt8Dynamic) {
    builder_.AddInitializer(name, {count}, values);
    return name;
  }
  std::vector<float> scales;
  std::vector<int32_t> steps;
  for (size_t i = 0; i < values.size(); ++i) {
    scales.push_back(step_ * weight_scales_[i % weight_scales_.size()]);
    steps.push_back(static_cast<int32_t>(std::lround(values[i] / scales.back())));
  }
  builder_.AddInitializer(name + "_int32", {count}, steps);
  builder_.AddInitializer(name + "_scale", {count}, scales);
  builder_.AddNode("DequantizeLinear", {name + "_int32", name + "_scale"}, {name},
                   {IntAttribute("axis", 0)});
  return name;
}

void ModelMaker::QuantizeDynamically() {
  const std::string steps = NewName("steps");
  const std::string real = NewName("real");
  builder_.AddNode("DynamicQuantizeLinear", {current_}, {steps, steps + "_scale", steps + "_zero"});
  builder_.AddNode("DequantizeLinear", {steps, steps + "_scale", steps + "_zero"}, {real});
  current_ = real;
}

void ModelMaker::Layer(const std::string& op_type, const Shape& shape, float bound, bool rectified,
                       const std::vector<onnx::AttributeProto>& attributes) {
  if (precision_ == Precision::kInt8Dynamic) QuantizeDynamically();
  const std::string weights = Weights(shape, 0, bound);
  const std::string bias = Bias(shape[0]);
  const std::string result = NewName(op_type);
  builder_.AddNode(op_type, {current_, weights, bias}, {result}, attributes);
  current_ = result;
  if (rectified) {
    current_ = NewName("relu");
    builder_.AddNode("Relu", {result}, {current_});
  }
  Requantize();
}

void ModelMaker::Conv1d(int64_t inputs, int64_t outputs, int64_t kernel) {
  const float bound = std::sqrt(3.0f / static_cast<float>(inputs * kernel));
  Layer("Conv", {outputs, inputs, kernel}, bound, true,
        {IntsAttribute("kernel_shape", {kernel}), IntsAttribute("pads", {kernel / 2, kernel / 2})});
}

void ModelMaker::Conv2d(int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride,
                        int64_t groups) {
  const float bound = std::sqrt(3.0f / static_cast<float>(inputs / groups * kernel * kernel));
  const int64_t pad = kernel / 2;
  Layer("Conv", {outputs, inputs / groups, kernel, kernel}, bound, groups == 1,
        {IntsAttribute("kernel_shape", {kernel, kernel}), IntAttribute("group", groups),
         IntsAttribute("pads", {pad, pad, pad, pad}), IntsAttribute("strides", {stride, stride})});
}

void ModelMaker::SameConv2d(const Shape& input, int64_t outputs, const Kernel& kernel,
                            int64_t groups, bool rectified) {
  const int64_t inputs = input[0] / groups;
  const float bound = std::sqrt(3.0f / static_cast<float>(inputs * kernel.height * kernel.width));
  const auto border = [&](int64_t size, int64_t extent) {
    const int64_t result = (size + kernel.stride - 1) / kernel.stride;
    return std::max<int64_t>((result - 1) * kernel.stride + extent - size, 0);
  };
  const int64_t rows = border(input[1], kernel.height);
  const int64_t columns = border(input[2], kernel.width);
  Layer(
      "Conv", {outputs, inputs, kernel.height, kernel.width}, bound, rectified,
      {IntsAttribute("kernel_shape", {kernel.height, kernel.width}), IntAttribute("group", groups),
       IntsAttribute("pads", {rows / 2, columns / 2, rows - rows / 2, columns - columns / 2}),
       IntsAttribute("strides", {kernel.stride, kernel.stride})});
}

void ModelMaker::AddRectified(const std::string& other) {
  const std::string sum = NewName("sum");
  builder_.AddNode("Add", {current_, other}, {sum});
  current_ = NewName("relu");
  builder_.AddNode("Relu", {sum}, {current_});
  Requantize();
}

void ModelMaker::Dense(int64_t inputs, int64_t outputs, bool rectified) {
  Layer("Gemm", {outputs, inputs}, std::sqrt(3.0f / static_cast<float>(inputs)), rectified,
        {IntAttribute("transB", 1)});
}

void ModelMaker::Unary(const std::string& op_type,
                       const std::vector<onnx::AttributeProto>& attributes) {
  const std::string result = NewName(op_type);
  builder_.AddNode(op_type, {current_}, {result}, attributes);
  current_ = result;
  // Moving elements keeps their steps; exporters put no new quantisation behind Flatten.
  if (op_type == "GlobalAveragePool") Requantize();
}

onnx::ModelProto ModelMaker::Build(const Shape& output_shape) {
  builder_.AddNode("Identity", {current_}, {"output"});
  builder_.AddOutput("output", WithBatch(output_shape));
  return builder_.Build();
}

onnx::ModelProto MakeTinyCnn(Precision precision, int64_t kernel, uint32_t seed) {
  ModelMaker maker(precision, seed);
  maker.Input({1, 5});
  maker.Conv1d(1, 8, kernel);
  maker.Conv1d(8, 16, kernel);
  maker.Unary("Flatten");
  maker.Dense(80, 32, true);
  maker.Dense(32, 1, false);
  return maker.Build({1});
}

onnx::ModelProto MakeTinyMlp(Precision precision, uint32_t seed) {
  ModelMaker maker(precision, seed);
  maker.Input({5});
  maker.Dense(5, 64, true);
  maker.Dense(64, 32, true);
  maker.Dense(32, 1, false);
  return maker.Build({1});
}

onnx::ModelProto MakeWindowedCnn(Precision precision, uint32_t seed) {
  ModelMaker maker(precision, seed);
  maker.Input({7, 5});
  maker.Unary("Transpose", {IntsAttribute("perm", {0, 2, 1})});
  maker.Conv1d(5, 16, 5);
  maker.Conv1d(16, 16, 5);
  maker.Unary("GlobalAveragePool");
  maker.Unary("Flatten");
  maker.Dense(16, 1, false);
  return maker.Build({1});
}

onnx::ModelProto MakeImageCnn(Precision precision, uint32_t seed) {
  ModelMaker maker(precision, seed);
  maker.Input({3, 12, 10});
  maker.Conv2d(3, 8, 3, 1, 1);
  maker.Unary("MaxPool", {IntsAttribute("kernel_shape", {2, 2}), IntsAttribute("strides", {2, 2})});
  maker.Conv2d(8, 8, 3, 1, 8);
  maker.Conv2d(8, 12, 3, 2, 2);
  maker.Unary("Flatten");
  maker.Dense(12 * 3 * 3, 10, false);
  return maker.Build({10});
}

onnx::ModelProto MakeResidualCnn(Precision precision, uint32_t seed) {
  ModelMaker maker(precision, seed);
  maker.Input({3, 9, 8});
  maker.SameConv2d({3, 9, 8}, 8, {3, 3, 1}, 1, true);
  std::string source = maker.current();
  maker.SameConv2d({8, 9, 8}, 8, {3, 3, 1}, 1, true);
  maker.SameConv2d({8, 9, 8}, 8, {3, 3, 1}, 1, false);
  maker.AddRectified(source);
  source = maker.current();
  maker.SameConv2d({8, 9, 8}, 12, {3, 3, 2}, 1, true);
  maker.SameConv2d({12, 5, 4}, 12, {3, 3, 1}, 1, false);
  const std::string branch = maker.current();
  maker.Resume(source);
  maker.SameConv2d({8, 9, 8}, 12, {1, 1, 2}, 1, false);
  maker.AddRectified(branch);
  maker.Unary("GlobalAveragePool");
  maker.Unary("Flatten");
  maker.Dense(12, 10, false);
  return maker.Build({10});
}

onnx::ModelProto MakeSeparableCnn(Precision precision, uint32_t seed) {
  ModelMaker maker(precision, seed);
  maker.Input({1, 13, 6});
  maker.SameConv2d({1, 13, 6}, 8, {10, 4, 2}, 1, true);
  maker.SameConv2d({8, 7, 3}, 8, {3, 3, 1}, 8, true);
  maker.SameConv2d({8, 7, 3}, 16, {1, 1, 1}, 1, true);
  maker.SameConv2d({16, 7, 3}, 16, {3, 3, 2}, 16, true);
  maker.SameConv2d({16, 4, 2}, 20, {1, 1, 1}, 1, true);
  maker.Unary("GlobalAveragePool");
  maker.Unary("Flatten");
  maker.Dense(20, 10, false);
  return maker.Build({10});
}

}  // namespace tinyjoule
