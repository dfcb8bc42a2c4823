// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/conversion.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

// Far beyond any sensor, near enough that no product of counts and factors overflows.
constexpr double kLargestFactor = 1e6;

absl::Status CheckFactor(absl::string_view field, double value, bool positive) {
  const bool usable = std::isfinite(value) && std::abs(value) <= kLargestFactor;
  if (usable && (!positive || value > 0)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("sensor.", field, " is ", value));
}

}  // namespace

CountConverter::CountConverter(const v1::SensorDescription& sensor)
    : shunt_lsb_v_(sensor.shunt_lsb_v()),
      shunt_offset_counts_(sensor.shunt_offset_counts()),
      bus_lsb_v_(sensor.bus_lsb_v()),
      amperes_per_shunt_volt_(sensor.gain() / OhmsFromMicroohms(sensor.shunt_uohm())),
      has_power_channel_(sensor.has_power_channel()),
      power_lsb_w_(sensor.power_lsb_w()),
      shunt_clip_counts_(sensor.shunt_clip_counts()) {}

PowerSample CountConverter::Convert(const RawCounts& counts) const {
  PowerSample sample;
  sample.t_ns = counts.t_ns;
  sample.flags = counts.flags;
  sample.shunt_voltage_v = shunt_lsb_v_ * (counts.shunt - shunt_offset_counts_);
  sample.bus_voltage_v = bus_lsb_v_ * counts.bus;
  sample.current_a = amperes_per_shunt_volt_ * sample.shunt_voltage_v;
  sample.power_w =
      has_power_channel_ ? power_lsb_w_ * counts.power : sample.bus_voltage_v * sample.current_a;
  return sample;
}

bool CountConverter::Clipped(const RawCounts& counts) const {
  if ((counts.flags & v1::SAMPLE_FLAG_CLIPPED) != 0) return true;
  return shunt_clip_counts_ > 0 && std::abs(int64_t{counts.shunt}) >= shunt_clip_counts_;
}

absl::Status CheckSensorDescription(const v1::SensorDescription& sensor) {
  const bool power_alone =
      sensor.has_power_channel() && sensor.shunt_lsb_v() == 0 && !MeasuresVoltage(sensor);
  TJ_RETURN_IF_ERROR(CheckFactor("shunt_lsb_v", sensor.shunt_lsb_v(), !power_alone));
  TJ_RETURN_IF_ERROR(CheckFactor("bus_lsb_v", sensor.bus_lsb_v(), !power_alone));
  TJ_RETURN_IF_ERROR(CheckFactor("shunt_offset_counts", sensor.shunt_offset_counts(), false));
  TJ_RETURN_IF_ERROR(CheckFactor("gain", sensor.gain(), true));
  if (sensor.shunt_uohm() == 0) return absl::InvalidArgumentError("sensor.shunt_uohm is 0");
  if (sensor.has_power_channel()) {
    TJ_RETURN_IF_ERROR(CheckFactor("power_lsb_w", sensor.power_lsb_w(), true));
  }
  if (sensor.relative_uncertainty() < 0 || sensor.shunt_offset_uncertainty_v() < 0) {
    return absl::InvalidArgumentError("sensor: an uncertainty is below 0");
  }
  TJ_RETURN_IF_ERROR(CheckFactor("relative_uncertainty", sensor.relative_uncertainty(), false));
  TJ_RETURN_IF_ERROR(
      CheckFactor("shunt_offset_uncertainty_v", sensor.shunt_offset_uncertainty_v(), false));
  if (sensor.cycle_ns() < 0) {
    return absl::InvalidArgumentError(absl::StrCat("sensor.cycle_ns is ", sensor.cycle_ns()));
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule
