// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_TRAINED_MODEL_H_
#define SERVER_TRAINER_COMPRESS_TRAINED_MODEL_H_

#include <cstdint>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "common/onnx/knn_model.h"
#include "server/trainer/compress/dynamic_network.h"
#include "server/trainer/compress/given_model.h"
#include "server/trainer/compress/half_network.h"
#include "server/trainer/compress/quantized_network.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// What a task trains, compresses or takes as it is.
using TrainedModel =
    std::variant<Network, QuantizedNetwork, DynamicNetwork, HalfNetwork, KnnModel, GivenModel>;

// The outputs [row][output] for samples [row][sample size]: what the exported model gives.
std::vector<float> PredictModel(const TrainedModel& model, absl::Span<const float> samples);

// Shape of one sample, without the batch dimension.
std::vector<int64_t> SampleShape(const TrainedModel& model);
int64_t OutputCount(const TrainedModel& model);

// How far another runtime's outputs may be from the `predictions` for `samples`: 1e-4, relative to
// the largest of them where that is above 1; of an int8 model one step of the output for every four
// layers with weights, begun, because a rounding that falls the other way inside moves what
// follows; of one that is quantised at run time as many 255ths of their range. Of our own networks
// in int8 twice the largest difference that other sums make to these very predictions, where that
// is more: a deep network that has learnt little is that restless.
double PredictionTolerance(const TrainedModel& model, absl::Span<const float> samples,
                           absl::Span<const float> predictions);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_TRAINED_MODEL_H_
