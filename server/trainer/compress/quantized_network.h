// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_QUANTIZED_NETWORK_H_
#define SERVER_TRAINER_COMPRESS_QUANTIZED_NETWORK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/quantization.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// One layer of a QuantizedNetwork: weights int8, symmetric; bias int32 with scale = scale of the
// input x scale of the weights.
struct QuantizedLayer {
  // Kind, name, shapes and what it reads; its weight and bias are empty.
  Layer layer;
  std::vector<int8_t> weight;
  // One for each output channel, or one for the layer.
  std::vector<float> weight_scale;
  std::vector<int32_t> bias;
  // Of the layer's result; of a layer that a ReLU follows: of the ReLU's.
  Quantization output;
};

// A network in int8: every value between two layers is int8 with one scale and zero point (a
// value). Without batch normalisation.
struct QuantizedNetwork {
  std::vector<int64_t> sample_shape;
  Quantization input;
  std::vector<QuantizedLayer> layers;
  // The exported model takes and gives int8 in place of float32.
  bool int8_io = false;
  // How well the ranges fit what calibration saw, for the record.
  std::vector<v1::LayerCalibration> calibration;

  int64_t SampleSize() const { return layers.front().layer.in.size(); }
  int64_t OutputCount() const { return layers.back().layer.out.size(); }
  // The output changes in steps of this.
  float OutputStep() const { return layers.back().output.scale; }
  // Of the result of layers[index]; -1: of the input.
  const Quantization& ValueQuantization(int64_t index) const {
    return index < 0 ? input : layers[static_cast<size_t>(index)].output;
  }
  int64_t InputOf(size_t layer) const {
    return static_cast<int64_t>(layer) - layers[layer].layer.reads_back;
  }
  float InputScale(size_t layer) const { return ValueQuantization(InputOf(layer)).scale; }
};

// The scale of the biases: [channels] or [1], as the weights'.
std::vector<float> BiasScales(float in_scale, absl::Span<const float> weight_scales);

// The same network with the float values that weights and biases stand for.
Network DequantizeNetwork(const QuantizedNetwork& network);

// The outputs [row][output] for samples [row][sample size] as an int8 engine computes them: sums of
// whole steps, which float32 holds exactly up to 2^24, multiplied into the result's steps and
// rounded.
std::vector<float> Predict(const QuantizedNetwork& network, absl::Span<const float> samples);

// The same as the exported file says it, operator by operator: sums of dequantised values in
// float32, rounded to steps. Now and then another step, where a sum lies near a half.
std::vector<float> PredictInFloats(const QuantizedNetwork& network,
                                   absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_QUANTIZED_NETWORK_H_
