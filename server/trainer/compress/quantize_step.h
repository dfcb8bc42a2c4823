// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_QUANTIZE_STEP_H_
#define SERVER_TRAINER_COMPRESS_QUANTIZE_STEP_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/trainer/compress/quantize.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/fit/learn.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// What a quantize step works with. Borrowed: outlives the call.
struct QuantizeInput {
  // The training rows; calibration sees no others.
  TrainingRows rows;
  // As the base was trained; qat trains like it, with epochs and rate of its own.
  const v1::TrainSpec* train = nullptr;
  bool classifies = false;
  uint64_t seed = 0;
};

// The keys of a quantize step that say how int8 is chosen, with their defaults: MSE, a scale for
// each output channel, float32 inputs and outputs. InvalidArgument: a value out of its range.
absl::StatusOr<QuantizeOptions> QuantizeOptionsOf(const v1::QuantizeStep& step);

// A quantize step on a float network; what qat learns is appended to `history`. InvalidArgument: a
// key's value. Unimplemented: as PrepareToQuantize. Else as Learn.
absl::StatusOr<TrainedModel> QuantizeFloatNetwork(const v1::QuantizeStep& step,
                                                  const QuantizeInput& input,
                                                  LearningContext& context, const Network& network,
                                                  std::vector<v1::EpochRecord>& history);

// The same on the stored points of a k-nearest-neighbour model.
absl::StatusOr<TrainedModel> QuantizeKnn(const v1::QuantizeStep& step, KnnModel model);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_QUANTIZE_STEP_H_
