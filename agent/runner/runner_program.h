// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_RUNNER_PROGRAM_H_
#define AGENT_RUNNER_RUNNER_PROGRAM_H_

#include "agent/runner/inference_engine.h"

namespace tinyjoule {

// main() of a runner program: speaks proto/tinyjoule/v1/runner.proto on standard input and output,
// with the engines of `make_engine`. --cpu N binds it to one CPU; --marker gpio:LABEL/LINE shows
// each measured window on that line. `name` is for messages.
int RunRunnerProgram(const char* name, EngineMaker make_engine, int argc, char** argv);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_RUNNER_PROGRAM_H_
