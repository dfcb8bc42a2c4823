// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORED_RUN_ASSEMBLER_H_
#define SERVER_STORED_RUN_ASSEMBLER_H_

#include <string>
#include <vector>

#include "server/core/artifact_store.h"
#include "server/core/run_assembler_port.h"

namespace tinyjoule {

// Gives server/assembly what it computes from: an attempt's chunks out of the store, and the
// trial's targets and predictions out of the artifacts, each checked by its hash. Thread-safe.
class StoredRunAssembler final : public RunAssemblerPort {
 public:
  // `artifacts` outlives the assembler.
  explicit StoredRunAssembler(ArtifactStore& artifacts) : artifacts_(artifacts) {}

  absl::StatusOr<v1::RunAssembly> Assemble(const v1::Run& run, const AttemptKey& key,
                                           RunReader& reader) override;
  // Compares a stored run with what its raw data gives: see VerifyRun. Data that cannot be read is
  // a line too.
  std::vector<std::string> Verify(const v1::Run& stored, RunReader& reader);

 private:
  ArtifactStore& artifacts_;
};

}  // namespace tinyjoule

#endif  // SERVER_STORED_RUN_ASSEMBLER_H_
