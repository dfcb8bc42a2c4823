// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CALIBRATION_H_
#define AGENT_CORE_CALIBRATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/core/calibration_readings.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// The sensor's URI without the parameters that a calibration replaces (gain, offset) or does not
// depend on (adc, bus_adc, idle_min_w, idle_max_w).
std::string SensorIdentity(absl::string_view uri);

// reference / measured current; 1 when only the offset was calibrated.
double GainOf(const v1::Calibration& calibration);

// The description with the calibration's gain, offset and uncertainty. Raw counts mean something
// else from now on; the counts themselves never change. A description of a simulated sensor, and
// a calibration that was cleared, change nothing.
// Relative uncertainty: the meter's, the scatter of the current, what the unknown offset does at
// the reference current, and the bus voltage's gain (SBOS448G, 7.5: 0.5 %), which a current says
// nothing about; root sum square.
v1::SensorDescription ApplyCalibration(v1::SensorDescription sensor,
                                       const v1::Calibration& calibration);

// A sensor that a current can calibrate. FailedPrecondition: a simulated one, or one that measures
// power by itself.
[[nodiscard]] absl::Status CheckCanCalibrate(const v1::SensorDescription& sensor);

// The gain from readings under the task's reference current. `sensor` is described without any
// calibration; an offset that `previous` measured stays. FailedPrecondition, with the remedy: no
// or clipped conversions, swapped leads, a current that is too small or not steady, or a gain that
// no tolerance explains: then the declared shunt is wrong, and the likely one is named.
// made_at is the caller's to set.
absl::StatusOr<v1::Calibration> CalibrateGain(const v1::CalibrationTask& task,
                                              const v1::SensorDescription& sensor,
                                              const v1::Calibration& previous,
                                              const CalibrationReadings& readings);

// The offset from readings without a current. A gain that `previous` measured is kept: its
// measured current is computed again with the new offset.
absl::StatusOr<v1::Calibration> CalibrateOffset(const v1::CalibrationTask& task,
                                                const v1::SensorDescription& sensor,
                                                const v1::Calibration& previous,
                                                const CalibrationReadings& readings);

// The next version, with nothing in it.
v1::Calibration ClearedCalibration(const v1::CalibrationTask& task,
                                   const v1::Calibration& previous);

}  // namespace tinyjoule

#endif  // AGENT_CORE_CALIBRATION_H_
