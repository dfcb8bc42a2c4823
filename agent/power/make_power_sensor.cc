// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/make_power_sensor.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/power/hwmon_sensor.h"
#include "agent/power/make_ina219.h"
#include "agent/power/power_trace.h"
#include "agent/power/rapl_sensor.h"
#include "agent/power/replay_sensor.h"
#include "agent/power/sensor_uri.h"
#include "agent/power/simulated_sensor.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr char kSchemes[] = "i2c:, hwmon:, rapl:, sim:, replay: and none: are there";
constexpr double kMaxPowerW = 100;

using SensorOrStatus = absl::StatusOr<std::unique_ptr<PowerSensor>>;

SensorOrStatus MakeSimulated(const SensorUri& uri, const PowerSensorDependencies& dependencies) {
  SimulatedSensor::Options options;
  options.uri = uri.text;
  SensorParameters parameters(uri);
  TJ_ASSIGN_OR_RETURN(options.seed, parameters.TakeCount("seed", options.seed));
  TJ_ASSIGN_OR_RETURN(options.idle_w,
                      parameters.TakeNumber("idle_w", options.idle_w, 0, kMaxPowerW));
  TJ_ASSIGN_OR_RETURN(options.busy_w,
                      parameters.TakeNumber("busy_w", options.busy_w, 0, kMaxPowerW));
  TJ_ASSIGN_OR_RETURN(options.noise_w,
                      parameters.TakeNumber("noise_w", options.noise_w, 0, kMaxPowerW));
  TJ_RETURN_IF_ERROR(parameters.Finish());
  if (!uri.path.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("sensor \"", uri.text, "\": \"", uri.path, "\" is not key=value"));
  }
  return std::make_unique<SimulatedSensor>(options, dependencies.clock, dependencies.load);
}

SensorOrStatus MakeReplay(const SensorUri& uri, const PowerSensorDependencies& dependencies) {
  SensorParameters parameters(uri);
  TJ_ASSIGN_OR_RETURN(const bool loop, parameters.TakeBool("loop", true));
  TJ_RETURN_IF_ERROR(parameters.Finish());
  if (uri.path.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("sensor \"", uri.text, "\": it names no file, as replay:FILE does"));
  }
  absl::StatusOr<std::string> text = dependencies.file_system.ReadFile(uri.path);
  if (!text.ok()) return Annotate(text.status(), absl::StrCat("sensor \"", uri.text, "\""));
  TJ_ASSIGN_OR_RETURN(PowerTrace trace, ParsePowerTrace(*text, uri.path));
  return std::make_unique<ReplaySensor>(uri.text, std::move(trace), loop, dependencies.clock);
}

}  // namespace

SensorOrStatus MakePowerSensor(absl::string_view text,
                               const PowerSensorDependencies& dependencies) {
  TJ_ASSIGN_OR_RETURN(const SensorUri uri, ParseSensorUri(text));
  if (uri.scheme == "i2c") return MakeIna219(uri, dependencies);
  if (uri.scheme == "hwmon") return MakeHwmon(uri, dependencies);
  if (uri.scheme == "rapl") return MakeRapl(uri, dependencies);
  if (uri.scheme == "sim") return MakeSimulated(uri, dependencies);
  if (uri.scheme == "replay") return MakeReplay(uri, dependencies);
  if (uri.scheme == "none") return std::unique_ptr<PowerSensor>();
  return absl::InvalidArgumentError(
      absl::StrCat("sensor \"", text, "\": unknown scheme ", uri.scheme, ":; ", kSchemes));
}

}  // namespace tinyjoule
