// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_COMPRESSION_H_
#define SERVER_TRAINER_COMPRESS_COMPRESSION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random_source.h"
#include "server/trainer/compress/compression_input.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/fit/learn.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// The compress steps of a trial, one after another on one model.
//
//   1. Apply() each step in the order of the sweep.
//   2. model() is the result, history() the epochs of the steps that trained.
//
// Errors: InvalidArgument, a step's keys; FailedPrecondition, a step that makes no sense for the
// model as it is (fine-tuning an int8 network); Unimplemented, a kind of step that this version
// does not have. Each with "compress.INDEX.STEP: " before the message.
class Compression {
 public:
  Compression(const CompressionInput& input, LearningContext& context, TrainedModel model);

  [[nodiscard]] absl::Status Apply(const v1::CompressStep& step);

  const TrainedModel& model() const { return model_; }
  const std::vector<v1::EpochRecord>& history() const { return history_; }

 private:
  absl::Status ApplyUnannotated(const v1::CompressStep& step);
  absl::Status Prune(const v1::PruneStep& step);
  absl::Status PruneGradually(const v1::PruneStep& step, absl::Span<const float> samples,
                              RandomSource& random, Network& network);
  // What train says, for a network that keeps its zeros.
  absl::StatusOr<LearningOptions> FinetuningOptions() const;
  absl::Status Finetune(const v1::FinetuneStep& step);
  absl::Status Quantize(const v1::QuantizeStep& step);
  absl::Status Distill(const v1::DistillStep& step);
  absl::Status Cluster(const v1::ClusterStep& step);
  absl::Status LearnInto(const TrainingRows& rows, const LearningOptions& options,
                         Network& network);
  absl::StatusOr<Network*> FloatNetwork();
  // Differs from step to step and from the seed of the training.
  uint64_t StepSeed() const;

  const CompressionInput& input_;
  LearningContext& context_;
  TrainedModel model_;
  std::vector<v1::EpochRecord> history_;
  uint64_t steps_ = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_COMPRESSION_H_
