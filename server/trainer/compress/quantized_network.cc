// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantized_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tinyjoule {
namespace {

// Samples that are worked on together, innermost, so that sums are vector instructions.
constexpr int64_t kSamples = 32;

// Stored values less the zero point: [channel][row][column][sample]. The zero of a border is 0.
using Block = std::vector<int32_t>;

int32_t* At(Block& block, int64_t index) { return block.data() + index * kSamples; }
const int32_t* At(const Block& block, int64_t index) { return block.data() + index * kSamples; }

int32_t Centered(const Quantization& quantization, float value) {
  return QuantizeValue(quantization, value) - quantization.zero_point;
}

class BatchPass {
 public:
  explicit BatchPass(const QuantizedNetwork& network) : network_(network) {}

  void Run(const float* samples, int64_t count, std::vector<float>& outputs) {
    Load(samples, count);
    Quantization at = network_.input;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const bool relu =
          i + 1 < network_.layers.size() && network_.layers[i + 1].layer.kind == LayerKind::kRelu;
      Apply(network_.layers[i], at, relu);
      at = network_.layers[i].output;
    }
    for (int64_t sample = 0; sample < count; ++sample) {
      for (int64_t o = 0; o < network_.OutputCount(); ++o) {
        outputs.push_back(at.scale * static_cast<float>(At(values_, o)[sample]));
      }
    }
  }

 private:
  void Load(const float* samples, int64_t count) {
    const int64_t size = network_.SampleSize();
    values_.assign(static_cast<size_t>(size * kSamples), 0);
    for (int64_t sample = 0; sample < count; ++sample) {
      for (int64_t i = 0; i < size; ++i) {
        At(values_, i)[sample] = Centered(network_.input, samples[sample * size + i]);
      }
    }
  }

  void Apply(const QuantizedLayer& layer, const Quantization& in, bool relu) {
    switch (layer.layer.kind) {
      case LayerKind::kConv:
        Conv(layer, in.scale, relu);
        break;
      case LayerKind::kLinear:
        Linear(layer, in.scale, relu);
        break;
      case LayerKind::kMaxPool:
        MaxPool(layer.layer);
        break;
      case LayerKind::kGlobalAverage:
        GlobalAverage(layer, in.scale);
        break;
      // A ReLU is done with the layer before it.
      case LayerKind::kRelu:
      case LayerKind::kFlatten:
      case LayerKind::kBatchNorm:
      case LayerKind::kAdd:
        break;
    }
  }

  // What QuantizeLinear makes of the dequantised sum.
  static void Store(const QuantizedLayer& layer, float scale, bool relu, const int32_t* sums,
                    int32_t* to) {
    for (int64_t s = 0; s < kSamples; ++s) {
      const float value = scale * static_cast<float>(sums[s]);
      to[s] = Centered(layer.output, relu ? std::max(value, 0.0F) : value);
    }
  }

  void Linear(const QuantizedLayer& layer, float in_scale, bool relu) {
    const size_t fan_in = static_cast<size_t>(layer.layer.FanIn());
    Block out(layer.bias.size() * kSamples);
    for (size_t o = 0; o < layer.bias.size(); ++o) {
      int32_t sums[kSamples];
      std::fill_n(sums, kSamples, layer.bias[o]);
      for (size_t i = 0; i < fan_in; ++i) {
        Add(layer.weight[o * fan_in + i], At(values_, static_cast<int64_t>(i)), sums);
      }
      Store(layer, in_scale * layer.weight_scale[o], relu, sums, At(out, static_cast<int64_t>(o)));
    }
    values_ = std::move(out);
  }

  void Conv(const QuantizedLayer& layer, float in_scale, bool relu) {
    const FeatureMap& map = layer.layer.out;
    Block out(static_cast<size_t>(map.size() * kSamples));
    int64_t at = 0;
    for (int64_t o = 0; o < map.channels; ++o) {
      const float scale = in_scale * layer.weight_scale[static_cast<size_t>(o)];
      for (int64_t h = 0; h < map.height; ++h) {
        for (int64_t w = 0; w < map.width; ++w) {
          int32_t sums[kSamples];
          ConvSums(layer, o, h, w, sums);
          Store(layer, scale, relu, sums, At(out, at++));
        }
      }
    }
    values_ = std::move(out);
  }

  void ConvSums(const QuantizedLayer& layer, int64_t o, int64_t h, int64_t w, int32_t* sums) const {
    const Layer& l = layer.layer;
    std::fill_n(sums, kSamples, layer.bias[static_cast<size_t>(o)]);
    const int8_t* weight = layer.weight.data() + o * l.FanIn();
    for (int64_t c = 0; c < l.in.channels; ++c) {
      for (int64_t i = 0; i < l.kernel_height; ++i) {
        for (int64_t j = 0; j < l.kernel_width; ++j, ++weight) {
          const int64_t row = h + i - l.kernel_height / 2;
          const int64_t column = w + j - l.kernel_width / 2;
          if (row < 0 || column < 0 || row >= l.in.height || column >= l.in.width) continue;
          Add(*weight, At(values_, (c * l.in.height + row) * l.in.width + column), sums);
        }
      }
    }
  }

  static void Add(int32_t weight, const int32_t* values, int32_t* sums) {
    for (int64_t s = 0; s < kSamples; ++s) sums[s] += weight * values[s];
  }

  void MaxPool(const Layer& l) {
    Block out(static_cast<size_t>(l.out.size() * kSamples));
    int64_t at = 0;
    for (int64_t c = 0; c < l.out.channels; ++c) {
      for (int64_t h = 0; h < l.out.height; ++h) {
        for (int64_t w = 0; w < l.out.width; ++w, ++at) {
          const int64_t corner = (c * l.in.height + 2 * h) * l.in.width + 2 * w;
          for (int64_t s = 0; s < kSamples; ++s) {
            At(out, at)[s] = std::max(std::max(At(values_, corner)[s], At(values_, corner + 1)[s]),
                                      std::max(At(values_, corner + l.in.width)[s],
                                               At(values_, corner + l.in.width + 1)[s]));
          }
        }
      }
    }
    values_ = std::move(out);
  }

  void GlobalAverage(const QuantizedLayer& layer, float in_scale) {
    const FeatureMap& in = layer.layer.in;
    const int64_t size = in.height * in.width;
    Block out(static_cast<size_t>(in.channels * kSamples));
    for (int64_t c = 0; c < in.channels; ++c) {
      int32_t sums[kSamples] = {};
      for (int64_t i = 0; i < size; ++i) Add(1, At(values_, c * size + i), sums);
      Store(layer, in_scale / static_cast<float>(size), /*relu=*/false, sums, At(out, c));
    }
    values_ = std::move(out);
  }

  const QuantizedNetwork& network_;
  Block values_;
};

}  // namespace

std::vector<float> Predict(const QuantizedNetwork& network, absl::Span<const float> samples) {
  const int64_t size = network.SampleSize();
  const int64_t rows = static_cast<int64_t>(samples.size()) / size;
  std::vector<float> outputs;
  outputs.reserve(static_cast<size_t>(rows * network.OutputCount()));
  BatchPass pass(network);
  for (int64_t row = 0; row < rows; row += kSamples) {
    pass.Run(samples.data() + row * size, std::min(kSamples, rows - row), outputs);
  }
  return outputs;
}

}  // namespace tinyjoule
