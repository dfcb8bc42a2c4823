// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_PLAIN_NETWORK_H_
#define SERVER_TRAINER_NN_PLAIN_NETWORK_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/trainer/nn/network.h"

namespace tinyjoule {

// For tests: every kind of layer from its definition, one value at a time in double precision, as
// the check of the loops that work on whole batches.
class PlainNetwork {
 public:
  // [row][value].
  using Batch = std::vector<std::vector<double>>;

  explicit PlainNetwork(const Network& network) : network_(network) {}

  std::vector<double> Run(std::vector<double> sample) const {
    return RunBatch({std::move(sample)}, /*training=*/false).back().front();
  }

  // The values of every layer; batch normalisation by the batch's moments in training.
  std::vector<Batch> RunBatch(const Batch& samples, bool training) const {
    std::vector<Batch> values = {samples};
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& layer = network_.layers[i];
      const Batch& in = values[i + 1 - static_cast<size_t>(layer.reads_back)];
      const bool adds = layer.kind == LayerKind::kAdd;
      const Batch& addend = adds ? values[i + 1 - static_cast<size_t>(layer.adds_back)] : in;
      Batch out;
      for (size_t row = 0; row < in.size(); ++row)
        out.push_back(Apply(layer, in[row], addend[row]));
      if (layer.kind == LayerKind::kBatchNorm) out = Normalize(layer, in, training);
      values.push_back(std::move(out));
    }
    return values;
  }

 private:
  static double At(const std::vector<double>& values, const FeatureMap& map, int64_t c, int64_t h,
                   int64_t w) {
    const bool inside = h >= 0 && w >= 0 && h < map.height && w < map.width;
    return inside ? values[static_cast<size_t>((c * map.height + h) * map.width + w)] : 0.0;
  }

  static double ConvAt(const Layer& l, const std::vector<double>& values, int64_t o, int64_t h,
                       int64_t w) {
    double sum = l.bias[static_cast<size_t>(o)];
    size_t weight = static_cast<size_t>(o * l.FanIn());
    const int64_t ins = l.in.channels / l.groups;
    const int64_t first = o / (l.out.channels / l.groups) * ins;
    for (int64_t c = first; c < first + ins; ++c) {
      for (int64_t i = 0; i < l.kernel_height; ++i) {
        for (int64_t j = 0; j < l.kernel_width; ++j) {
          sum += l.weight[weight++] * At(values, l.in, c, h * l.stride_height + i - l.PadTop(),
                                         w * l.stride_width + j - l.PadLeft());
        }
      }
    }
    return sum;
  }

  static double PoolAt(const Layer& l, const std::vector<double>& values, int64_t c, int64_t h,
                       int64_t w) {
    double largest = -INFINITY;
    for (int64_t i = 0; i < 4; ++i) {
      largest = std::max(largest, At(values, l.in, c, 2 * h + i / 2, 2 * w + i % 2));
    }
    return largest;
  }

  static double MeanAt(const Layer& l, const std::vector<double>& values, int64_t c) {
    double sum = 0;
    const int64_t size = l.in.height * l.in.width;
    for (int64_t i = 0; i < size; ++i) sum += values[static_cast<size_t>(c * size + i)];
    return sum / static_cast<double>(size);
  }

  static double LinearAt(const Layer& l, const std::vector<double>& values, int64_t o) {
    double sum = l.bias[static_cast<size_t>(o)];
    for (size_t i = 0; i < values.size(); ++i) {
      sum += l.weight[static_cast<size_t>(o) * values.size() + i] * values[i];
    }
    return sum;
  }

  static double OutputAt(const Layer& l, const std::vector<double>& in,
                         const std::vector<double>& addend, int64_t c, int64_t h, int64_t w) {
    const size_t same = static_cast<size_t>((c * l.out.height + h) * l.out.width + w);
    switch (l.kind) {
      case LayerKind::kConv:
        return ConvAt(l, in, c, h, w);
      case LayerKind::kRelu:
        return std::max(in[same], 0.0);
      case LayerKind::kMaxPool:
        return PoolAt(l, in, c, h, w);
      case LayerKind::kGlobalAverage:
        return MeanAt(l, in, c);
      case LayerKind::kLinear:
        return LinearAt(l, in, c);
      case LayerKind::kAdd:
        return in[same] + addend[same];
      case LayerKind::kFlatten:
      case LayerKind::kBatchNorm:
        break;
    }
    return in[same];
  }

  static std::vector<double> Apply(const Layer& l, const std::vector<double>& in,
                                   const std::vector<double>& addend) {
    std::vector<double> out;
    for (int64_t c = 0; c < l.out.channels; ++c) {
      for (int64_t h = 0; h < l.out.height; ++h) {
        for (int64_t w = 0; w < l.out.width; ++w) out.push_back(OutputAt(l, in, addend, c, h, w));
      }
    }
    return out;
  }

  static Batch Normalize(const Layer& l, Batch batch, bool training) {
    const size_t positions = static_cast<size_t>(l.in.height * l.in.width);
    for (size_t c = 0; c < l.weight.size(); ++c) {
      double mean = l.mean[c];
      double variance = l.variance[c];
      const auto average = [&](auto value) {
        double sum = 0;
        for (const auto& row : batch) {
          for (size_t i = 0; i < positions; ++i) sum += value(row[c * positions + i]);
        }
        return sum / static_cast<double>(batch.size() * positions);
      };
      if (training) {
        mean = average([](double x) { return x; });
        variance = average([&](double x) { return (x - mean) * (x - mean); });
      }
      for (auto& row : batch) {
        for (size_t i = 0; i < positions; ++i) {
          double& x = row[c * positions + i];
          x = l.weight[c] * (x - mean) / std::sqrt(variance + kBatchNormEpsilon) + l.bias[c];
        }
      }
    }
    return batch;
  }

  const Network& network_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_PLAIN_NETWORK_H_
