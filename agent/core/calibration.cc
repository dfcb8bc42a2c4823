// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/calibration.h"

#include <array>
#include <cmath>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

constexpr std::array<absl::string_view, 6> kNotOfIdentity = {"gain",    "offset",     "adc",
                                                             "bus_adc", "idle_min_w", "idle_max_w"};
// Below it the INA219's offset (SBOS448G, 7.5: 100 uV) is over 2 % of the reading.
constexpr double kMinShuntV = 5e-3;
constexpr double kShuntOffsetV = 100e-6;
constexpr double kBusGainError = 5e-3;
// A person reads the meter once: a current that moves more is read wrong.
constexpr double kMaxScatter = 5e-3;
constexpr double kMinGain = 0.5;
constexpr double kMaxGain = 2;
// Five times the largest offset of the chip: a current still flows.
constexpr double kMaxOffsetV = 500e-6;

double AmperesPerCount(const v1::SensorDescription& sensor) {
  return sensor.shunt_lsb_v() / OhmsFromMicroohms(sensor.shunt_uohm());
}

bool HasPoint(const v1::Calibration& calibration) { return calibration.reference_current_a() > 0; }

double OffsetOf(const v1::SensorDescription& sensor, const v1::Calibration& calibration) {
  return calibration.has_zero_offset_counts() ? calibration.zero_offset_counts()
                                              : sensor.shunt_offset_counts();
}

absl::Status CheckReadings(const CalibrationReadings& readings) {
  if (readings.seconds() < 2) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the sensor gave %d conversions in %d of the seconds: is its bus alive? coord power shows "
        "it",
        readings.count(), readings.seconds()));
  }
  if (readings.clipped() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%d of %d conversions are clipped: the shunt's voltage is beyond the sensor's range; take a "
      "larger range (pga=8) or a smaller shunt",
      readings.clipped(), readings.count()));
}

// Volts over the shunt under the reference current: of the right sign, and enough of them.
absl::Status CheckShuntVoltage(double shunt_v, const v1::SensorDescription& sensor) {
  if (shunt_v <= -kMinShuntV) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the current is negative (%.3f A): the shunt's leads are swapped",
                        shunt_v / OhmsFromMicroohms(sensor.shunt_uohm())));
  }
  if (shunt_v >= kMinShuntV) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the current is too small to calibrate with: %.2f mV over the shunt, of at least %.0f mV "
      "(%.3f A over %d uohm); take a larger load",
      shunt_v * 1e3, kMinShuntV * 1e3, kMinShuntV / OhmsFromMicroohms(sensor.shunt_uohm()),
      sensor.shunt_uohm()));
}

absl::Status CheckSteady(double mean_a, double scatter_a) {
  if (scatter_a <= kMaxScatter * mean_a) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the current is not steady: its means over one second scatter by %.2f %% (%.4f A), of at "
      "most %.1f %%; run a steady load, or use an electronic one",
      scatter_a / mean_a * 100, scatter_a, kMaxScatter * 100));
}

absl::Status CheckGain(const v1::Calibration& calibration, const v1::SensorDescription& sensor) {
  const double gain = GainOf(calibration);
  if (gain >= kMinGain && gain <= kMaxGain) return absl::OkStatus();
  const double ratio = gain > 1 ? gain : 1 / gain;
  return absl::FailedPreconditionError(absl::StrFormat(
      "the sensor shows %.4f A, the meter %.4f A: no tolerance explains that. The declared shunt "
      "of %d uohm is wrong by about %.1f x; shunt_uohm=%.0f in the sensor's URI would fit, if the "
      "meter's reading is in amperes",
      calibration.measured_current_a(), calibration.reference_current_a(), sensor.shunt_uohm(),
      ratio, sensor.shunt_uohm() / gain));
}

v1::Calibration NextVersion(const v1::CalibrationTask& task, const v1::Calibration& previous) {
  v1::Calibration next;
  if (!previous.cleared()) next = previous;
  next.set_version(previous.version() + 1);
  next.set_note(task.note());
  return next;
}

double RelativeUncertainty(const v1::SensorDescription& sensor,
                           const v1::Calibration& calibration) {
  const double meter = calibration.reference_uncertainty();
  const double scatter = calibration.current_stddev_a() / calibration.measured_current_a();
  const double shunt_v = calibration.measured_current_a() * OhmsFromMicroohms(sensor.shunt_uohm());
  const double offset_v =
      sensor.has_shunt_offset_uncertainty_v() ? sensor.shunt_offset_uncertainty_v() : kShuntOffsetV;
  const double offset = offset_v / shunt_v;
  return std::sqrt(meter * meter + scatter * scatter + offset * offset +
                   kBusGainError * kBusGainError);
}

}  // namespace

std::string SensorIdentity(absl::string_view uri) {
  const std::vector<absl::string_view> parts = absl::StrSplit(uri, absl::MaxSplits('?', 1));
  if (parts.size() == 1) return std::string(uri);
  std::vector<absl::string_view> kept;
  for (const absl::string_view parameter : absl::StrSplit(parts[1], '&', absl::SkipEmpty())) {
    const absl::string_view key = parameter.substr(0, parameter.find('='));
    if (absl::c_find(kNotOfIdentity, key) == kNotOfIdentity.end()) kept.push_back(parameter);
  }
  // The order in which parameters are written means nothing.
  absl::c_sort(kept);
  return absl::StrCat(parts[0], kept.empty() ? "" : "?", absl::StrJoin(kept, "&"));
}

double GainOf(const v1::Calibration& calibration) {
  return HasPoint(calibration)
             ? calibration.reference_current_a() / calibration.measured_current_a()
             : 1;
}

v1::SensorDescription ApplyCalibration(v1::SensorDescription sensor,
                                       const v1::Calibration& calibration) {
  const bool applies = calibration.version() > 0 && !calibration.cleared();
  if (!applies || sensor.simulated()) return sensor;
  if (calibration.has_zero_offset_counts()) {
    sensor.set_shunt_offset_counts(calibration.zero_offset_counts());
    sensor.set_shunt_offset_uncertainty_v(calibration.zero_offset_uncertainty_counts() *
                                          sensor.shunt_lsb_v());
  }
  if (HasPoint(calibration)) {
    sensor.set_gain(GainOf(calibration));
    sensor.set_relative_uncertainty(RelativeUncertainty(sensor, calibration));
  }
  sensor.set_calibration_version(calibration.version());
  *sensor.mutable_calibration() = calibration;
  return sensor;
}

absl::Status CheckCanCalibrate(const v1::SensorDescription& sensor) {
  if (sensor.simulated()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the sensor ", sensor.uri(), " is simulated, and a simulated sensor is never calibrated"));
  }
  if (sensor.has_power_channel()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the sensor ", sensor.uri(),
                     " measures power by itself: a calibration of its current changes nothing"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Calibration> CalibrateGain(const v1::CalibrationTask& task,
                                              const v1::SensorDescription& sensor,
                                              const v1::Calibration& previous,
                                              const CalibrationReadings& readings) {
  TJ_RETURN_IF_ERROR(CheckReadings(readings));
  v1::Calibration next = NextVersion(task, previous);
  const double counts = readings.shunt_counts() - OffsetOf(sensor, next);
  const double measured_a = counts * AmperesPerCount(sensor);
  const double scatter_a = readings.shunt_scatter_counts() * AmperesPerCount(sensor);
  TJ_RETURN_IF_ERROR(CheckShuntVoltage(counts * sensor.shunt_lsb_v(), sensor));
  TJ_RETURN_IF_ERROR(CheckSteady(measured_a, scatter_a));
  next.set_reference_current_a(task.reference_current_a());
  next.set_measured_current_a(measured_a);
  next.set_reference_uncertainty(task.reference_uncertainty());
  next.set_sample_count(readings.count());
  next.set_current_stddev_a(scatter_a);
  TJ_RETURN_IF_ERROR(CheckGain(next, sensor));
  return next;
}

absl::StatusOr<v1::Calibration> CalibrateOffset(const v1::CalibrationTask& task,
                                                const v1::SensorDescription& sensor,
                                                const v1::Calibration& previous,
                                                const CalibrationReadings& readings) {
  TJ_RETURN_IF_ERROR(CheckReadings(readings));
  const double offset_v = readings.shunt_counts() * sensor.shunt_lsb_v();
  const double scatter_v = readings.shunt_scatter_counts() * sensor.shunt_lsb_v();
  if (std::abs(offset_v) > kMaxOffsetV || scatter_v > kMaxOffsetV) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "a current still flows: the shunt shows %.3f mV (scatter %.3f mV), of at most %.1f mV "
        "without a load; disconnect the load from the shunt",
        offset_v * 1e3, scatter_v * 1e3, kMaxOffsetV * 1e3));
  }
  v1::Calibration next = NextVersion(task, previous);
  const double moved_counts = readings.shunt_counts() - OffsetOf(sensor, next);
  next.set_zero_offset_counts(readings.shunt_counts());
  const double standard_error =
      readings.shunt_scatter_counts() / std::sqrt(static_cast<double>(readings.seconds()));
  // A count is a step: whatever lies within it reads the same.
  next.set_zero_offset_uncertainty_counts(std::sqrt(standard_error * standard_error + 1.0 / 12));
  if (HasPoint(next)) {
    next.set_measured_current_a(next.measured_current_a() - moved_counts * AmperesPerCount(sensor));
  }
  return next;
}

v1::Calibration ClearedCalibration(const v1::CalibrationTask& task,
                                   const v1::Calibration& previous) {
  v1::Calibration next;
  next.set_version(previous.version() + 1);
  next.set_note(task.note());
  next.set_cleared(true);
  return next;
}

}  // namespace tinyjoule
