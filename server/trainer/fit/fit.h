// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_FIT_H_
#define SERVER_TRAINER_FIT_FIT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/base/random_source.h"
#include "server/trainer/fit/training_engine.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Told about the work, at most about four times a second.
using ProgressCallback = std::function<void(const v1::TrainingProgress&)>;

struct FitOptions {
  uint32_t epochs = 100;
  uint32_t batch_size = 32;
  // Rows [0, train_rows) are learnt from; [train_rows, row_count) are watched by early stopping.
  uint32_t train_rows = 0;
  uint32_t row_count = 0;
  // Epochs without a smaller validation loss (training loss when no rows are watched) before
  // training stops and the best parameters come back; 0: all epochs, the last parameters.
  uint32_t patience = 0;
  // For messages: "training", "fine-tuning".
  std::string what = "training";
  v1::TrainingPhase phase = v1::TRAINING_PHASE_TRAINING;
};

// Trains `engine` for the epochs, each over a new order of the rows drawn from `random`, and
// gives the record of every epoch. Blocks. The trained parameters are in the engine.
// InvalidArgument: no rows. FailedPrecondition: the loss became infinite or not a number, with the
// epoch and what to try.
absl::StatusOr<std::vector<v1::EpochRecord>> Fit(TrainingEngine& engine, const FitOptions& options,
                                                 RandomSource& random, const Clock& clock,
                                                 const ProgressCallback& progress);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_FIT_H_
