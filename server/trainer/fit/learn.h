// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_LEARN_H_
#define SERVER_TRAINER_FIT_LEARN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "server/trainer/fit/fit.h"
#include "server/trainer/fit/training_engine.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Makes the engine that a task trains on. May refuse the device (FailedPrecondition).
using EngineFactory = std::function<absl::StatusOr<std::unique_ptr<TrainingEngine>>(
    const Network& network, const TrainingRows& rows, const EngineOptions& options)>;

// What training of any kind works with. Borrowed: outlives the calls.
struct LearningContext {
  EngineFactory make_engine;
  const Clock* clock = nullptr;
  ProgressCallback progress;
  // Filled by Learn: the description of the engine that was used last.
  std::string engine_description;
};

// One training: from scratch, fine-tuning, or of a student.
struct LearningOptions {
  uint32_t epochs = 100;
  double learning_rate = 1e-3;
  uint32_t batch_size = 32;
  v1::Optimizer optimizer = v1::OPTIMIZER_ADAM;
  double weight_decay = 0;
  LossOptions loss;
  uint32_t patience = 0;
  // Of the rows, the last ones, with patience.
  double validation_fraction = 0;
  bool keep_zeros = false;
  std::optional<FakeQuantization> fake_quantization;
  // As EngineOptions.
  HiddenLoss* hidden_loss = nullptr;
  // Decides the order of the rows.
  uint64_t seed = 0;
  std::string what = "training";
  v1::TrainingPhase phase = v1::TRAINING_PHASE_TRAINING;
};

// The sweep's train keys with their defaults: 100 epochs, batches of 32, Adam at 1e-3, MSE for
// regression and cross entropy for classification, and with patience the last 10 % of the rows for
// validation. InvalidArgument: a value out of its range or a loss that does not fit the data.
absl::StatusOr<LearningOptions> LearningOptionsOf(const v1::TrainSpec& train, bool classifies);

// Trains `network` in place. Errors: as Fit and the engine.
absl::StatusOr<std::vector<v1::EpochRecord>> Learn(const TrainingRows& rows,
                                                   const LearningOptions& options,
                                                   LearningContext& context, Network& network);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_LEARN_H_
