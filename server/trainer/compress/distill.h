// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_DISTILL_H_
#define SERVER_TRAINER_COMPRESS_DISTILL_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/trainer/compress/compression_input.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/fit/learn.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

struct Distilled {
  TrainedModel student;
  // Of a student that was trained.
  std::vector<v1::EpochRecord> history;
};

// Makes step.student(), which says all its sizes, learn what `teacher` says to the training rows.
//
//   response    label_weight and temperature as in LossOptions; regression by Huber loss (delta 1).
//   feature     and FeatureLoss between the last hidden values of both: what the output layer
//   reads. relational  and RelationalLoss between the same.
//
// A tinyknn teaches responses only: to each training row what the others vote (a row would repeat
// its own label). A tinyknn that learns stores prototypes: see DistillPrototypes.
//
// InvalidArgument: keys out of their range, a student that is not smaller than a teacher network.
// Errors of Learn.
absl::StatusOr<Distilled> Distill(const v1::DistillStep& step, const CompressionInput& input,
                                  uint64_t seed, const TrainedModel& teacher,
                                  LearningContext& context);

// A tinyknn of step.student().prototypes() points: the centers of k-means over the training rows.
// The target of each is the mean over the rows of its cell of alpha x label + (1 - alpha) x
// teacher, the one number with the least squared loss over the cell. For classes both are shares:
// of the label 1, of the teacher its probabilities. The mean of what the teacher says to rows that
// exist, and not what it says to the center, which may be nowhere near a row.
absl::StatusOr<KnnModel> DistillPrototypes(const v1::DistillStep& step,
                                           const CompressionInput& input, uint64_t seed,
                                           const TrainedModel& teacher);

// [row][output]: what the teacher says to each training row, in classification logarithms of
// probabilities but for a constant, as a network's outputs are.
std::vector<float> TeacherResponses(const TrainedModel& teacher, const CompressionInput& input);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_DISTILL_H_
