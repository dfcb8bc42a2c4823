// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_CONTRACT_INFERENCE_ENGINE_MODELS_H_
#define TESTS_CONTRACT_INFERENCE_ENGINE_MODELS_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/onnx/onnx_builder.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {

// Random models of TinyJoule's shapes, for checking one engine against another. In float32, or in
// int8 as the trainer exports it: QuantizeLinear/DequantizeLinear around every layer, int8 weights
// with one scale or one per channel, int32 biases; or with activations quantised at run time:
// DynamicQuantizeLinear/DequantizeLinear before every layer, float32 biases.
enum class Precision { kFloat32, kInt8PerTensor, kInt8PerChannel, kInt8Dynamic };

class ModelMaker {
 public:
  ModelMaker(Precision precision, uint32_t seed)
      : precision_(precision), random_(seed), builder_("random") {}

  // Of the weights of the next layers about that share is 0. Float32 only.
  void ShareOfZeros(double share) { zeros_ = share; }
  // Input shape without the batch.
  void Input(const Shape& shape);
  void Conv1d(int64_t inputs, int64_t outputs, int64_t kernel);
  void Conv2d(int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride, int64_t groups);
  // "Same" padding, of an odd border the larger half behind, as Keras has it.
  struct Kernel {
    int64_t height;
    int64_t width;
    int64_t stride;
  };
  void SameConv2d(const Shape& input, int64_t outputs, const Kernel& kernel, int64_t groups,
                  bool rectified);
  // The sum with a value that current() gave before, rectified.
  void AddRectified(const std::string& other);
  std::string current() const { return current_; }
  // The next operator reads a value that current() gave before.
  void Resume(const std::string& value) { current_ = value; }
  void Dense(int64_t inputs, int64_t outputs, bool rectified);
  // An operator with one input and no constants.
  void Unary(const std::string& op_type, const std::vector<onnx::AttributeProto>& attributes = {});
  onnx::ModelProto Build(const Shape& output_shape);

  std::vector<float> Uniform(size_t count, float low, float high);
  // Of the last quantisation; 0 in float32.
  float output_step() const { return step_; }

 private:
  std::string NewName(const std::string& what);
  // Ends an int8 operator; gives float32 as the next one reads it.
  void Requantize();
  // Begins one that quantises what it reads.
  void QuantizeDynamically();
  std::string Weights(const Shape& shape, int64_t channel_axis, float bound);
  std::string Bias(int64_t count);
  void Layer(const std::string& op_type, const Shape& shape, float bound, bool rectified,
             const std::vector<onnx::AttributeProto>& attributes);

  Precision precision_;
  double zeros_ = 0;
  std::mt19937 random_;
  OnnxBuilder builder_;
  int names_ = 0;
  std::string current_ = "input";
  float step_ = 0;
  // Scales of the weights of the layer that is being made.
  std::vector<float> weight_scales_;
};

// Conv1d 1->8->16 "same", Flatten, Linear 32, Linear 1, over [1, 5].
onnx::ModelProto MakeTinyCnn(Precision precision, int64_t kernel, uint32_t seed);
// Linear 5->64->32->1.
onnx::ModelProto MakeTinyMlp(Precision precision, uint32_t seed);
// [7, 5] by Transpose to channels first, two Conv1d of 16, global average, Linear 1.
onnx::ModelProto MakeWindowedCnn(Precision precision, uint32_t seed);
// A small image network: strided and depthwise Conv2d, MaxPool, Flatten, Linear 10.
onnx::ModelProto MakeImageCnn(Precision precision, uint32_t seed);

// Residual blocks as of MLPerf Tiny's ResNet, the second with a strided 1 x 1 convolution beside
// it.
onnx::ModelProto MakeResidualCnn(Precision precision, uint32_t seed);
// As its DS-CNN and MobileNet: an even kernel, strides of 2, depthwise and pointwise convolutions.
onnx::ModelProto MakeSeparableCnn(Precision precision, uint32_t seed);

}  // namespace tinyjoule

#endif  // TESTS_CONTRACT_INFERENCE_ENGINE_MODELS_H_
