// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_NETWORK_PASS_H_
#define SERVER_TRAINER_NN_NETWORK_PASS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/nn/kernels.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/padded_map.h"

namespace tinyjoule {

// Runs batches through a network by our own loops, forward and backward. A step of LibTorch's
// autograd on networks of a few thousand parameters is nearly all overhead; this is the same
// arithmetic without it (the tests compare both).
//
//   1. Load() up to max_rows samples.
//   2. Forward(); read outputs().
//   3. To learn: fill output_gradient(), then Backward().
//
// Keeps the layout of the network, not its parameters: those come with every call, as one row
// (FlatParameters). Not thread-safe; owns its buffers.
class NetworkPass {
 public:
  NetworkPass(const Network& network, int64_t max_rows, const Kernels& kernels = BestKernels());

  // Values of a batch per feature: max_rows rounded up to whole vectors.
  int64_t lanes() const { return lanes_; }
  int64_t max_rows() const { return max_rows_; }
  int64_t output_count() const { return maps_.back().shape().size(); }

  // Takes samples[row] for each of `rows` (at most max_rows); unused lanes are zero.
  void Load(const float* samples, absl::Span<const uint32_t> rows);
  void Forward(const float* parameters);
  // [output][lane].
  const float* outputs() const { return maps_.back().corner(); }
  // [output][lane]: the derivative of the loss; zero in unused lanes.
  float* output_gradient() { return gradients_.back().corner(); }
  // Fills gradients[parameter count]. After Forward() with the same parameters.
  void Backward(const float* parameters, float* gradients);

  // Appends the output of layers[layer] (of a convolution or linear layer that a ReLU follows: of
  // the ReLU) for the first `count` lanes: [sample][value].
  void AppendLayerOutput(size_t layer, int64_t count, std::vector<float>& values) const;
  // The same for the samples that Load() took.
  void AppendInput(int64_t count, std::vector<float>& values) const;

 private:
  // One layer with parameters or pooling, with the ReLU behind it.
  struct Stage {
    LayerKind kind = LayerKind::kLinear;
    bool relu = false;
    int64_t kernel_height = 1;
    int64_t kernel_width = 1;
    int64_t fan_in = 0;
    int64_t weight_at = 0;
    int64_t bias_at = 0;
    // Where the values that one weight multiplies start in the input map, for each weight of an
    // output channel.
    std::vector<int64_t> input_offsets;
    // The same in the map of output gradients, for each weight that reads an input channel.
    std::vector<int64_t> gradient_offsets;
  };

  void AddStage(const Layer& layer, int64_t weight_at);
  void CreateMaps(const Network& network);
  void CreateOffsets(size_t index);

  void ForwardConv(const Stage& stage, const float* parameters, const PaddedMap& in,
                   PaddedMap& out) const;
  void ForwardLinear(const Stage& stage, const float* parameters, const PaddedMap& in,
                     PaddedMap& out) const;
  void BackwardStage(size_t index, const float* parameters, float* gradients);
  void WeightGradients(size_t index, float* gradients);
  void ConvInputGradients(size_t index, const float* parameters);
  void LinearInputGradients(size_t index, const float* parameters);

  const Kernels& kernels_;
  int64_t max_rows_;
  int64_t lanes_;
  std::vector<Stage> stages_;
  // Values before the first stage and behind each.
  std::vector<PaddedMap> maps_;
  // Derivatives with respect to maps_; the first stays empty.
  std::vector<PaddedMap> gradients_;
  // For each layer of the network the map that holds its output.
  std::vector<size_t> map_of_layer_;
  std::vector<float> ones_;
  // Weights of a convolution as [in channels][out channels][kernel].
  std::vector<float> turned_weights_;
  // Gradient of a linear layer's input on its way into a map with a border.
  std::vector<float> flat_gradient_;
};

// The network's outputs for `rows` samples one after another: [row][output].
std::vector<float> Predict(const Network& network, absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_NETWORK_PASS_H_
