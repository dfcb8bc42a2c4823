// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_COMPRESSION_INPUT_H_
#define SERVER_TRAINER_COMPRESS_COMPRESSION_INPUT_H_

#include <cstdint>
#include <vector>

#include "server/trainer/fit/training_engine.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// What the steps of one trial work on. Borrowed: outlives them.
struct CompressionInput {
  const v1::TrialSpec* trial = nullptr;
  // The training rows; calibration and distillation see no others.
  TrainingRows rows;
  // Of a sample of the data set.
  std::vector<int64_t> data_shape;
  bool classifies = false;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_COMPRESSION_INPUT_H_
