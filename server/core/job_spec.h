// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_JOB_SPEC_H_
#define SERVER_CORE_JOB_SPEC_H_

#include <string>

#include "tinyjoule/v1/measurement.pb.h"
#include "tinyjoule/v1/run.pb.h"

namespace tinyjoule {

// What an agent is asked to do; `run` has its trial's outcome.
v1::JobSpec BuildJobSpec(const v1::Run& run, const v1::SweepSpec& spec, uint32_t attempt);

// The run's state after an attempt that ended so.
v1::RunState RunStateOf(v1::AttemptState state);
v1::AttemptState AttemptStateOf(v1::RunState state);

// "GAP (coverage 98.2 %), CLIPPED": why an assembly is not valid.
std::string FatalFlags(const v1::RunAssembly& assembly);

}  // namespace tinyjoule

#endif  // SERVER_CORE_JOB_SPEC_H_
