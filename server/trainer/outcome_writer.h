// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_OUTCOME_WRITER_H_
#define SERVER_TRAINER_OUTCOME_WRITER_H_

#include <string>

#include "absl/status/status.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/cost/cost_meter.h"
#include "server/trainer/data/dataset.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Exports the model, batch normalisation folded away, into the folder `output_dir` (model.onnx,
// test_inputs.pb, test_targets.pb, predictions.pb), predicts the test rows, and fills of `outcome`:
// output kind, the four files with hashes and sizes, quality, baselines, sizes (without
// sparsity_nominal), data set facts and prediction tolerance. `cost` measures the evaluation.
// Errors: as the file system; Internal when a prediction is not finite.
[[nodiscard]] absl::Status WriteOutcome(const TrainedModel& model, const Split& split,
                                        const std::string& output_dir, CostMeter& cost,
                                        v1::TrainingOutcome& outcome);

// What compression starts from, where it is not the exported model (checkpoint.onnx): a network
// with its batch normalisation; the network that a user's model is made of.
[[nodiscard]] absl::Status WriteCheckpoint(const TrainedModel& model, const std::string& output_dir,
                                           v1::TrainingOutcome& outcome);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_OUTCOME_WRITER_H_
