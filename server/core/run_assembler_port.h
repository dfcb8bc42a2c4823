// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_RUN_ASSEMBLER_PORT_H_
#define SERVER_CORE_RUN_ASSEMBLER_PORT_H_

#include "absl/status/statusor.h"
#include "server/core/run_store.h"

namespace tinyjoule {

// Recomputes a run's energy and quality from its raw chunks. The coordinator calls it on the core
// sequence when an attempt is complete; an implementation wraps server/assembly.
class RunAssemblerPort {
 public:
  virtual ~RunAssemblerPort() = default;
  // `run` has the trial's outcome and, in `result`, what the agent said. An error means that the
  // data cannot be used, and makes the run FAILED with the error's words.
  virtual absl::StatusOr<v1::RunAssembly> Assemble(const v1::Run& run, const AttemptKey& key,
                                                   RunReader& reader) = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_RUN_ASSEMBLER_PORT_H_
