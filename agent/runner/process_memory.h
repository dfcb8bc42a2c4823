// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_PROCESS_MEMORY_H_
#define AGENT_RUNNER_PROCESS_MEMORY_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// Memory of this process, as the kernel counts it.

// Proportional set size: shared pages count by their share (/proc/self/smaps_rollup). 0 when the
// kernel does not tell.
uint64_t ProportionalSetBytes();
// Largest resident size so far (VmHWM of /proc/self/status). 0 when the kernel does not tell.
uint64_t PeakResidentBytes();

// Begins a new peak at what is resident now (/proc/self/clear_refs). Where the kernel does not do
// that, the peak stays that of the whole life.
void ResetPeakResidentBytes();

// "Pss:     123 kB" in lines of such fields, in bytes; 0 when the field is not there.
uint64_t ParseKilobytes(absl::string_view text, absl::string_view field);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_PROCESS_MEMORY_H_
