// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_NETWORK_H_
#define SERVER_TRAINER_NN_NETWORK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace tinyjoule {

// Channels x height x width of one sample between two layers. Signals of one dimension have
// height 1; vectors have height and width 1.
struct FeatureMap {
  int64_t channels = 1;
  int64_t height = 1;
  int64_t width = 1;

  int64_t size() const { return channels * height * width; }
  bool operator==(const FeatureMap& other) const {
    return channels == other.channels && height == other.height && width == other.width;
  }
};

enum class LayerKind { kConv, kRelu, kMaxPool, kFlatten, kGlobalAverage, kLinear };

// One layer of a Network. Convolutions have odd kernels, stride 1 and "same" zero padding; max
// pooling is 2 x 2 with stride 2, rounding down.
struct Layer {
  LayerKind kind = LayerKind::kRelu;
  // Prefix of the initialisers in ONNX: "conv1" has "conv1.weight" and "conv1.bias". Empty for
  // layers without parameters.
  std::string name;
  FeatureMap in;
  FeatureMap out;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  // Convolution [out channels][in channels][kernel height][kernel width]; linear [out][in].
  std::vector<float> weight;
  // [out channels].
  std::vector<float> bias;

  bool HasParameters() const { return kind == LayerKind::kConv || kind == LayerKind::kLinear; }
  // Weights that make one output channel.
  int64_t FanIn() const { return in.channels * kernel_height * kernel_width; }
};

// A feed-forward chain of layers with its parameters: what is trained, compressed and exported. A
// value: copies are independent. Each layer's `in` is the `out` of the one before.
struct Network {
  // Shape of one sample as in tensor files and in the ONNX input, without the batch dimension:
  // [F], [rows, F], [channels, length] or [channels, height, width].
  std::vector<int64_t> sample_shape;
  std::vector<Layer> layers;

  int64_t SampleSize() const { return layers.front().in.size(); }
  int64_t OutputCount() const { return layers.back().out.size(); }
  int64_t ParameterCount() const;
};

// All parameters in one row: for each layer in order its weights, then its biases.
std::vector<float> FlatParameters(const Network& network);
// The inverse; `parameters` has ParameterCount() values.
void SetFlatParameters(absl::Span<const float> parameters, Network& network);

// The index of the last layer with parameters: the output layer.
size_t OutputLayer(const Network& network);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_NETWORK_H_
