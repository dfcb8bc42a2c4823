// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_LAYER_CHAIN_H_
#define SERVER_TRAINER_NN_LAYER_CHAIN_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "server/trainer/nn/network.h"

namespace tinyjoule {

// Appends layers without parameters' values, each reading what the one before it left, or after
// Resume() an earlier value. Values are the indices of the layers that make them; -1 is the input.
class LayerChain {
 public:
  struct Kernel {
    int64_t height = 1;
    int64_t width = 1;
    int64_t stride = 1;
  };

  explicit LayerChain(FeatureMap input) : input_(input) {}

  void Conv(int64_t channels, const Kernel& kernel);
  // As many channels as it reads, each with a kernel of its own.
  void DepthwiseConv(const Kernel& kernel);
  void Linear(int64_t units, bool is_output);
  void BatchNorm();
  void Relu() { Append(LayerKind::kRelu, at()); }
  void MaxPool() { Append(LayerKind::kMaxPool, {at().channels, at().height / 2, at().width / 2}); }
  void GlobalAverage() { Append(LayerKind::kGlobalAverage, {at().channels, 1, 1}); }
  void Flatten() { Append(LayerKind::kFlatten, {at().size(), 1, 1}); }
  // The sum of the current value and another of its shape.
  void Add(int64_t other);

  // What the next layer reads.
  int64_t current() const { return current_; }
  void Resume(int64_t value) { current_ = value; }
  // Its shape.
  const FeatureMap& at() const { return current_ < 0 ? input_ : layers_[Index(current_)].out; }

  std::vector<Layer> Take() { return std::move(layers_); }

 private:
  static size_t Index(int64_t value) { return static_cast<size_t>(value); }
  Layer& Append(LayerKind kind, FeatureMap out);

  FeatureMap input_;
  std::vector<Layer> layers_;
  int64_t current_ = -1;
  int convs_ = 0;
  int denses_ = 0;
  int norms_ = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_LAYER_CHAIN_H_
