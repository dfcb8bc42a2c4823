// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/runner_program.h"

int main(int argc, char** argv) {
  return tinyjoule::RunRunnerProgram("tinyjoule-runner", tinyjoule::MakeEngine, argc, argv);
}
