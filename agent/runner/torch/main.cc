// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/runner_program.h"
#include "agent/runner/torch/torch_engine.h"

int main(int argc, char** argv) {
  return tinyjoule::RunRunnerProgram("tinyjoule-runner-torch", tinyjoule::MakeTorchEngine, argc,
                                     argv);
}
