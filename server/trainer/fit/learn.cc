// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/learn.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/random_source.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxBatchSize = 65'536;

absl::Status OutOfRange(absl::string_view key, double value, absl::string_view range) {
  return absl::InvalidArgumentError(absl::StrCat("train.", key, ": ", value, " is not ", range));
}

absl::StatusOr<v1::Loss> LossFor(v1::Loss loss, bool classifies) {
  if (loss == v1::LOSS_UNSPECIFIED) {
    return classifies ? v1::LOSS_CROSS_ENTROPY : v1::LOSS_MSE;
  }
  if ((loss == v1::LOSS_CROSS_ENTROPY) != classifies) {
    return absl::InvalidArgumentError(
        classifies ? "train.loss: classification is trained with cross_entropy only"
                   : "train.loss: cross_entropy needs classes, but the target is a number");
  }
  return loss;
}

absl::Status CheckOptions(const LearningOptions& options) {
  if (!(options.learning_rate > 0) || !std::isfinite(options.learning_rate)) {
    return OutOfRange("lr", options.learning_rate, "a positive number");
  }
  if (options.batch_size < 1 || options.batch_size > kMaxBatchSize) {
    return OutOfRange("batch_size", options.batch_size,
                      absl::StrCat("in [1, ", kMaxBatchSize, "]"));
  }
  if (!(options.weight_decay >= 0) || !std::isfinite(options.weight_decay)) {
    return OutOfRange("weight_decay", options.weight_decay, "a number of at least 0");
  }
  if (!(options.validation_fraction >= 0 && options.validation_fraction < 1)) {
    return OutOfRange("validation_fraction", options.validation_fraction, "in [0, 1)");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LearningOptions> LearningOptionsOf(const v1::TrainSpec& train, bool classifies) {
  LearningOptions options;
  if (train.has_epochs()) options.epochs = train.epochs();
  if (train.has_lr()) options.learning_rate = train.lr();
  if (train.has_batch_size()) options.batch_size = train.batch_size();
  if (train.optimizer() != v1::OPTIMIZER_UNSPECIFIED) options.optimizer = train.optimizer();
  options.weight_decay = train.weight_decay();
  options.patience = train.patience();
  if (options.patience > 0) {
    options.validation_fraction =
        train.has_validation_fraction() ? train.validation_fraction() : 0.1;
  }
  TJ_ASSIGN_OR_RETURN(options.loss.kind, LossFor(train.loss(), classifies));
  TJ_RETURN_IF_ERROR(CheckOptions(options));
  return options;
}

absl::StatusOr<std::vector<v1::EpochRecord>> Learn(const TrainingRows& rows,
                                                   const LearningOptions& options,
                                                   LearningContext& context, Network& network) {
  const uint32_t row_count =
      static_cast<uint32_t>(rows.inputs.size() / static_cast<size_t>(network.SampleSize()));
  EngineOptions engine_options;
  engine_options.loss = options.loss;
  engine_options.optimizer = options.optimizer;
  engine_options.learning_rate = options.learning_rate;
  engine_options.weight_decay = options.weight_decay;
  engine_options.batch_size = std::min(options.batch_size, std::max(row_count, 1U));
  engine_options.keep_zeros = options.keep_zeros;
  engine_options.fake_quantization = options.fake_quantization;
  engine_options.hidden_loss = options.hidden_loss;
  TJ_ASSIGN_OR_RETURN(std::unique_ptr<TrainingEngine> engine,
                      context.make_engine(network, rows, engine_options));
  context.engine_description = engine->Description();

  FitOptions fit;
  fit.epochs = options.epochs;
  fit.batch_size = options.batch_size;
  fit.row_count = row_count;
  fit.train_rows = row_count - static_cast<uint32_t>(options.validation_fraction * row_count);
  fit.patience = options.patience;
  fit.what = options.what;
  fit.phase = options.phase;
  SeededRandom random(options.seed);
  TJ_ASSIGN_OR_RETURN(std::vector<v1::EpochRecord> history,
                      Fit(*engine, fit, random, *context.clock, context.progress));
  TJ_ASSIGN_OR_RETURN(const std::vector<float> parameters, engine->Parameters());
  SetFlatParameters(parameters, network);
  return history;
}

}  // namespace tinyjoule
