// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/stored_run_assembler.h"

#include <utility>

#include "common/base/status.h"
#include "common/onnx/tensor_file.h"
#include "server/assembly/run_assembler.h"

namespace tinyjoule {
namespace {

// Owns what AssemblyInputs borrows.
struct AttemptData {
  std::vector<v1::Chunk> chunks;
  std::vector<float> targets;
  std::vector<float> trainer_predictions;

  AssemblyInputs Inputs(const v1::Run& run) const {
    return {chunks,
            run.outcome(),
            targets,
            trainer_predictions,
            run.delivery().conflicting_chunks(),
            run.engine()};
  }
};

absl::StatusOr<std::vector<v1::Chunk>> ReadAllChunks(const AttemptKey& key, RunReader& reader) {
  std::vector<v1::Chunk> chunks;
  for (const v1::ChunkStream stream :
       {v1::CHUNK_STREAM_SAMPLES, v1::CHUNK_STREAM_PREDICTIONS, v1::CHUNK_STREAM_RESULT}) {
    TJ_RETURN_IF_ERROR(reader.ReadChunks(key, stream, [&chunks](const v1::Chunk& chunk) {
      chunks.push_back(chunk);
      return absl::OkStatus();
    }));
  }
  return chunks;
}

// A tensor that the trainer did not make is empty.
absl::StatusOr<std::vector<float>> ReadTensor(const v1::ArtifactFile& file,
                                              ArtifactStore& artifacts) {
  if (file.sha256().empty()) return std::vector<float>();
  TJ_RETURN_IF_ERROR(artifacts.Verify(file.sha256()));
  TJ_ASSIGN_OR_RETURN(FloatTensor tensor, ReadTensorFile(artifacts.PathOf(file.sha256())));
  return std::move(tensor.values);
}

absl::StatusOr<AttemptData> ReadAttempt(const v1::TrainingOutcome& outcome, const AttemptKey& key,
                                        RunReader& reader, ArtifactStore& artifacts) {
  AttemptData data;
  TJ_ASSIGN_OR_RETURN(data.chunks, ReadAllChunks(key, reader));
  TJ_ASSIGN_OR_RETURN(data.targets, ReadTensor(outcome.test_targets(), artifacts));
  TJ_ASSIGN_OR_RETURN(data.trainer_predictions, ReadTensor(outcome.predictions(), artifacts));
  return data;
}

}  // namespace

absl::StatusOr<v1::RunAssembly> StoredRunAssembler::Assemble(const v1::Run& run,
                                                             const AttemptKey& key,
                                                             RunReader& reader) {
  TJ_ASSIGN_OR_RETURN(const AttemptData data, ReadAttempt(run.outcome(), key, reader, artifacts_));
  TJ_ASSIGN_OR_RETURN(AssembledRun assembled, AssembleRun(data.Inputs(run)));
  return std::move(assembled.assembly);
}

std::vector<std::string> StoredRunAssembler::Verify(const v1::Run& stored, RunReader& reader) {
  const AttemptKey key{stored.run_id(), stored.attempt()};
  const absl::StatusOr<AttemptData> data = ReadAttempt(stored.outcome(), key, reader, artifacts_);
  if (!data.ok()) return {data.status().ToString()};
  return VerifyRun(stored, data->Inputs(stored));
}

}  // namespace tinyjoule
