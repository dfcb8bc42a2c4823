// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_ASSEMBLY_RUN_ASSEMBLER_H_
#define SERVER_ASSEMBLY_RUN_ASSEMBLER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tinyjoule/v1/measurement.pb.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Everything that a finished attempt's figures are made of. All borrowed.
struct AssemblyInputs {
  // Every chunk of the attempt, in any order, each one once; the RESULT chunk too.
  absl::Span<const v1::Chunk> chunks;
  // What the trainer said about the artifact, its test targets and its own predictions
  // (float32 values of the tensor files, row-major).
  const v1::TrainingOutcome& outcome;
  absl::Span<const float> targets;
  absl::Span<const float> trainer_predictions;
  // Chunks that came again with other bytes, and are not among `chunks`.
  uint64_t conflicting_chunks = 0;
  v1::Engine engine = v1::ENGINE_UNSPECIFIED;
};

struct AssembledRun {
  v1::RunResult result;
  v1::RunAssembly assembly;
};

// Makes a run's official figures from raw data; a pure function.
//  1. Completeness: every chunk that the result announces is there, none besides.
//     FailedPrecondition names the first missing one.
//  2. Energy is recomputed from the samples; MISMATCH where a window differs from the agent's own
//     figure by more than 1e-9 relative.
//  3. Quality is computed from the predictions made on the device; PREDICTION_MISMATCH when they
//     differ from the trainer's by more than outcome.prediction_tolerance, or are incomplete. An
//     engine that computes in float16 is held to a sixteenth of the largest prediction.
//  4. Flags of the agent's, of the samples and of the sampler's report; CHUNK_CONFLICT.
//  5. valid: the attempt succeeded and no flag is fatal.
// InvalidArgument or DataLoss: a chunk that cannot be decoded.
absl::StatusOr<AssembledRun> AssembleRun(const AssemblyInputs& inputs);

// One line for each figure of a stored run that raw data does not give again (numbers to 1e-9
// relative, everything else exactly); empty when all agree. Errors of AssembleRun are a line too.
std::vector<std::string> VerifyRun(const v1::Run& stored, const AssemblyInputs& inputs);

}  // namespace tinyjoule

#endif  // SERVER_ASSEMBLY_RUN_ASSEMBLER_H_
