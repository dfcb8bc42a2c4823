// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_NETWORK_H_
#define SERVER_TRAINER_NN_NETWORK_H_

#include <algorithm>
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

enum class LayerKind {
  kConv,
  kRelu,
  kMaxPool,
  kFlatten,
  kGlobalAverage,
  kLinear,
  kBatchNorm,
  // Sum of two values of equal shape.
  kAdd,
};

// One layer of a Network. Max pooling is 2 x 2 with stride 2, rounding down.
struct Layer {
  LayerKind kind = LayerKind::kRelu;
  // Prefix of the initialisers in ONNX: "conv1" has "conv1.weight" and "conv1.bias". Empty for
  // layers without parameters.
  std::string name;
  FeatureMap in;
  FeatureMap out;
  // How many layers back the value that it reads was made: 1 is the layer before, and the input of
  // the network for the first layer.
  int64_t reads_back = 1;
  // kAdd: the same for the other summand.
  int64_t adds_back = 0;

  // Convolutions pad with zeros; out = ceil(in / stride) with "same" padding, which has the larger
  // half of an odd border behind.
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t stride_height = 1;
  int64_t stride_width = 1;
  // Rows and columns of zeros in front of the input.
  static constexpr int64_t kSamePadding = -1;
  int64_t pad_top = kSamePadding;
  int64_t pad_left = kSamePadding;
  // Groups of channels that only see one another: 1, or in.channels (= out.channels) for a
  // depthwise convolution.
  int64_t groups = 1;
  // Convolution [out channels][in channels / groups][kernel height][kernel width]; linear
  // [out][in]; batch normalisation [channels], the scale.
  std::vector<float> weight;
  // [out channels].
  std::vector<float> bias;
  // Of a clustered layer, as many as weights: weights of one number have one value, and training
  // moves them together.
  std::vector<uint8_t> clusters;
  // kBatchNorm, [channels]: the running moments that inference uses.
  std::vector<float> mean;
  std::vector<float> variance;

  // Whether it multiplies: what pruning, quantisation and clustering work on.
  bool HasParameters() const { return kind == LayerKind::kConv || kind == LayerKind::kLinear; }
  bool IsDepthwise() const { return groups > 1; }
  // Weights that make one output channel.
  int64_t FanIn() const { return in.channels / groups * kernel_height * kernel_width; }
  // Rows and columns of zeros in front of the input.
  int64_t PadTop() const { return pad_top == kSamePadding ? BorderHeight() / 2 : pad_top; }
  int64_t PadLeft() const { return pad_left == kSamePadding ? BorderWidth() / 2 : pad_left; }
  // And behind it, as far as a window reaches.
  int64_t PadBottom() const { return std::max<int64_t>(ReachHeight() - PadTop(), 0); }
  int64_t PadRight() const { return std::max<int64_t>(ReachWidth() - PadLeft(), 0); }

 private:
  // How much more than the input all windows cover; less than 0: they leave something out.
  int64_t ReachHeight() const {
    return (out.height - 1) * stride_height + kernel_height - in.height;
  }
  int64_t ReachWidth() const { return (out.width - 1) * stride_width + kernel_width - in.width; }
  int64_t BorderHeight() const { return std::max<int64_t>(ReachHeight(), 0); }
  int64_t BorderWidth() const { return std::max<int64_t>(ReachWidth(), 0); }
};

// The epsilon of batch normalisation: y = weight x (x - mean) / sqrt(variance + epsilon) + bias.
constexpr float kBatchNormEpsilon = 1e-3F;
// Of the old running moment, what each training batch keeps.
constexpr float kBatchNormMomentum = 0.9F;

// A feed-forward network with its parameters: what is trained, compressed and exported. Layers are
// in the order in which they are computed; most read the one before. A value: copies are
// independent. Each layer's `in` is the `out` of the layer that it reads. A ReLU follows the layer
// that it reads, and nothing else reads that.
struct Network {
  // Shape of one sample as in tensor files and in the ONNX input, without the batch dimension:
  // [F], [rows, F], [channels, length] or [channels, height, width].
  std::vector<int64_t> sample_shape;
  std::vector<Layer> layers;

  int64_t SampleSize() const { return layers.front().in.size(); }
  int64_t OutputCount() const { return layers.back().out.size(); }
  // Of weights and biases, batch normalisation's among them; not of running moments.
  int64_t ParameterCount() const;
  // Of running moments.
  int64_t MomentCount() const;
  // The layer whose output layers[layer] reads; -1: the network's input.
  int64_t InputOf(size_t layer) const {
    return static_cast<int64_t>(layer) - layers[layer].reads_back;
  }
  // The layers that read the output of layers[layer], in order.
  std::vector<size_t> ReadersOf(size_t layer) const;
};

// All parameters in one row: for each layer in order its weights, then its biases; behind them the
// running moments, for each layer in order its means, then its variances.
std::vector<float> FlatParameters(const Network& network);
// The inverse; `parameters` has ParameterCount() + MomentCount() values.
void SetFlatParameters(absl::Span<const float> parameters, Network& network);

// The network without batch normalisation, which moves into the weights and biases of the
// convolutions and linear layers before it: the same outputs in inference. Normalisation that reads
// anything else stays.
Network FoldBatchNorm(const Network& network);

// The index of the last layer with parameters: the output layer.
size_t OutputLayer(const Network& network);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_NETWORK_H_
