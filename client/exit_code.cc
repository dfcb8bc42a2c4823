// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/exit_code.h"

namespace tinyjoule {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kOutOfRange:
      return kExitUsage;
    case absl::StatusCode::kCancelled:
      return kExitInterrupted;
    default:
      return kExitUnreachable;
  }
}

ExitCode ExitCodeOf(v1::SweepState state, const v1::SweepCounts& counts) {
  if (state == v1::SWEEP_STATE_SUCCEEDED && counts.runs_invalid() == 0) return kExitOk;
  if (state == v1::SWEEP_STATE_CANCELLED) return kExitRunFailed;
  const bool failed = counts.runs_failed() > 0 || counts.tasks_failed() > 0;
  return !failed && counts.runs_invalid() > 0 ? kExitInvalidMeasurements : kExitRunFailed;
}

}  // namespace tinyjoule
