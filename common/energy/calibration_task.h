// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_CALIBRATION_TASK_H_
#define COMMON_ENERGY_CALIBRATION_TASK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// InvalidArgument, naming the field, when the task asks for nothing that an agent can do.
[[nodiscard]] absl::Status CheckCalibrationTask(const v1::CalibrationTask& task);

// Time of sampling, or of one resolution; 10 s unless the task says otherwise.
int64_t CalibrationDurationNs(const v1::CalibrationTask& task);

// After so long an agent will not answer any more. An observer task is given time for 16
// resolutions: who asks does not know how many there are.
int64_t CalibrationTimeoutNs(const v1::CalibrationTask& task);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_CALIBRATION_TASK_H_
