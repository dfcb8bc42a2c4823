// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_EXIT_CODE_H_
#define CLIENT_EXIT_CODE_H_

#include "absl/status/status.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// What coord exits with: a contract with scripts.
enum ExitCode : int {
  kExitOk = 0,
  kExitRunFailed = 1,
  // Wrong usage, an invalid sweep, an id that is not known.
  kExitUsage = 2,
  kExitCannotBePlaced = 3,
  // The coordinator cannot be reached, or refuses.
  kExitUnreachable = 4,
  kExitInvalidMeasurements = 5,
  kExitTimedOut = 124,
  kExitInterrupted = 130,
};

ExitCode ExitCodeOf(const absl::Status& status);
// Of a sweep that has ended.
ExitCode ExitCodeOf(v1::SweepState state, const v1::SweepCounts& counts);

}  // namespace tinyjoule

#endif  // CLIENT_EXIT_CODE_H_
