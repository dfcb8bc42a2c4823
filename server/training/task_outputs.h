// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINING_TASK_OUTPUTS_H_
#define SERVER_TRAINING_TASK_OUTPUTS_H_

#include <string>

#include "absl/status/status.h"
#include "server/core/artifact_store.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Moves every file that the outcome names from `output_dir` into the artifact store, and fills the
// hashes and sizes. Internal when there is no model, or a name leaves the folder; else what the
// store says. Any thread.
[[nodiscard]] absl::Status StoreTaskOutputs(const std::string& output_dir, ArtifactStore& artifacts,
                                            v1::TrainingOutcome* outcome);

}  // namespace tinyjoule

#endif  // SERVER_TRAINING_TASK_OUTPUTS_H_
