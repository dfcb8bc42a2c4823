// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_NETWORK_PASS_H_
#define SERVER_TRAINER_NN_NETWORK_PASS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "server/trainer/nn/batch_norm_pass.h"
#include "server/trainer/nn/kernels.h"
#include "server/trainer/nn/layer_pass.h"
#include "server/trainer/nn/network.h"
#include "server/trainer/nn/padded_map.h"
#include "server/trainer/nn/quantization.h"

namespace tinyjoule {

// Runs batches through a network by our own loops, forward and backward. A step of LibTorch's
// autograd on networks of a few thousand parameters is nearly all overhead; this is the same
// arithmetic without it (the tests compare both).
//
//   1. Load() up to max_rows samples.
//   2. Forward(), or ForwardTraining() to learn; read outputs() or ValueRow().
//   3. To learn: fill output_gradient() and every ExtraGradient(), then Backward(); with batch
//      normalisation, UpdateMoments() behind the optimiser's step.
//
// Keeps the layout of the network, not its parameters: those come with every call, as one row
// (FlatParameters). Values are numbered: 0 is the input, i + 1 what layers[i] gives; a layer that a
// ReLU follows has the ReLU's value. Not thread-safe; owns its buffers.
class NetworkPass {
 public:
  NetworkPass(const Network& network, int64_t max_rows, const Kernels& kernels = BestKernels());
  NetworkPass(const NetworkPass&) = delete;
  NetworkPass& operator=(const NetworkPass&) = delete;

  // Values of a batch per feature: max_rows rounded up to whole vectors.
  int64_t lanes() const { return settings_.lanes; }
  int64_t max_rows() const { return max_rows_; }
  int64_t sample_size() const { return maps_.front().shape().size(); }
  int64_t output_count() const { return maps_.back().shape().size(); }

  // Takes samples[row] for each of `rows` (at most max_rows); unused lanes are zero.
  void Load(const float* samples, absl::Span<const uint32_t> rows);
  // Batch normalisation by the running moments.
  void Forward(const float* parameters);
  // By the batch's own.
  void ForwardTraining(const float* parameters);
  // [output][lane].
  const float* outputs() const { return maps_.back().Row(0); }
  // [output][lane]: the derivative of the loss; zero in unused lanes.
  float* output_gradient() { return gradients_.back().Row(0); }
  // Fills gradients[ParameterCount()]. After ForwardTraining() with the same parameters, or
  // Forward() where there is no batch normalisation.
  void Backward(const float* parameters, float* gradients);
  // Moves the running moments among the parameters by those of the last ForwardTraining().
  void UpdateMoments(float* parameters) const;

  // Shape of a value, and its index-th row of columns, counted over channels and rows:
  // [column][lane].
  const FeatureMap& ValueShape(size_t value) const { return maps_[map_of_[value]].shape(); }
  const float* ValueRow(size_t value, int64_t index) const {
    return maps_[map_of_[value]].Row(index);
  }
  // Appends a value for the first `count` lanes: [sample][channel, row, column].
  void AppendValue(size_t value, int64_t count, std::vector<float>& values) const;
  // The same for the value of layers[layer].
  void AppendLayerOutput(size_t layer, int64_t count, std::vector<float>& values) const {
    AppendValue(layer + 1, count, values);
  }
  void AppendInput(int64_t count, std::vector<float>& values) const {
    AppendValue(0, count, values);
  }
  void AppendOutputs(int64_t count, std::vector<float>& values) const {
    AppendValue(map_of_.size() - 1, count, values);
  }

  // From now on, [channel, row, column][lane] that Backward adds to the derivative with respect to
  // that value, which is not the input: of a loss that reads it beside the layers. Zero in unused
  // lanes; the caller fills it before each Backward. Stays valid and in place.
  absl::Span<float> ExtraGradient(size_t value);

  // From now on the value is rounded to steps of int8 and saturated in every forward pass; its
  // derivative passes where nothing saturates (a straight-through estimate).
  void FakeQuantize(size_t value, const Quantization& quantization);

  // From now on the value is in whole steps of int8, less the zero point, as an engine computes it
  // from others in theirs: what its layer gives is multiplied by `factors`, one for each channel or
  // one for all, rounded and saturated. Of a sum, they are those of its two operands. Not to learn.
  void Requantize(size_t value, std::vector<float> factors, int8_t zero_point);

 private:
  // A layer that computes a map of its own, with the ReLU behind it.
  struct Stage {
    size_t layer = 0;
    bool relu = false;
    // Maps that it reads; the second one only for a sum.
    size_t in = 0;
    size_t addend = 0;
    // Null: a sum.
    std::unique_ptr<LayerPass> pass;
    // What a sum multiplies its operands by.
    float factor_in = 1;
    float factor_addend = 1;
    // Also in `pass`; null for other kinds.
    BatchNormPass* norm = nullptr;
  };
  // Of the map with the same index.
  struct Rounding {
    Quantization quantization;
    // 1 where the value was inside the range (and a ReLU let it pass), in the order of rows.
    std::vector<float> passes;
    // Before it is rounded; empty: 1.
    std::vector<float> factors;
  };

  void CreateStages();
  void CreateMaps();
  void CreatePasses();
  void Run(const float* parameters);
  void Add(const Stage& stage, PaddedMap& out) const;
  void Round(size_t map, bool relu);
  void RoundScaled(size_t map);
  void BackwardStage(size_t index, const float* parameters, float* gradients);
  void MaskGradient(const Stage& stage, size_t map);
  void InputGradients(const Stage& stage, size_t map, const float* parameters);
  // The map that a reader writes its share of a gradient into, and what makes it count.
  PaddedMap& GradientTarget(size_t map);
  void FinishGradient(size_t map);

  const Network network_;
  int64_t max_rows_;
  PassSettings settings_;
  std::vector<Stage> stages_;
  // The input, and what each stage computes: map i + 1 is that of stage i.
  std::vector<PaddedMap> maps_;
  // Derivatives with respect to maps_; that of the input stays empty.
  std::vector<PaddedMap> gradients_;
  // Where several stages read a map: what all but the first give back.
  std::vector<PaddedMap> shares_;
  std::vector<bool> has_gradient_;
  std::vector<std::vector<float>> extra_gradients_;
  std::vector<std::optional<Rounding>> roundings_;
  // For each value the map that holds it.
  std::vector<size_t> map_of_;
};

// Rows of a pass that only predicts these samples.
int64_t PredictionRows(const Network& network, absl::Span<const float> samples);

// Loads all samples, batch after batch, and runs them forward; visit(count) comes behind each, when
// the values of its `count` samples can be read.
void RunBatches(NetworkPass& pass, const std::vector<float>& parameters,
                absl::Span<const float> samples, absl::FunctionRef<void(int64_t)> visit);

// The outputs for `rows` samples one after another: [row][output].
std::vector<float> Predict(NetworkPass& pass, const std::vector<float>& parameters,
                           absl::Span<const float> samples);
std::vector<float> Predict(const Network& network, absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_NETWORK_PASS_H_
