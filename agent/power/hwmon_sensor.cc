// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/hwmon_sensor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/sysfs.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

constexpr char kFolder[] = "/sys/class/hwmon";
// Where the driver does not say how often it has something new.
constexpr int64_t kDefaultIntervalMs = 20;
constexpr int64_t kMinIntervalMs = 5;
constexpr uint64_t kMaxShuntUohm = 10'000'000;

// A driver that can tell power, or current and voltage.
struct Found {
  std::string folder;
  std::string name;
};

bool MeasuresPower(FileSystem& file_system, const std::string& folder) {
  return file_system.Exists(JoinPath(folder, "power1_input")) ||
         (file_system.Exists(JoinPath(folder, "curr1_input")) &&
          file_system.Exists(JoinPath(folder, "in1_input")));
}

std::vector<Found> FindSensors(FileSystem& file_system, const std::string& root) {
  std::vector<Found> sensors;
  const std::string top = root + kFolder;
  const auto entries = file_system.ListFolder(top);
  if (!entries.ok()) return sensors;
  for (const std::string& entry : *entries) {
    const std::string folder = JoinPath(top, entry);
    if (!MeasuresPower(file_system, folder)) continue;
    sensors.push_back({folder, ReadSysfsText(file_system, JoinPath(folder, "name"))});
  }
  return sensors;
}

absl::StatusOr<Found> ChooseSensor(const SensorUri& uri, const std::string& root,
                                   const std::vector<Found>& sensors) {
  std::vector<Found> matching;
  for (const Found& found : sensors) {
    const bool by_path = absl::StartsWith(uri.path, "/") && found.folder == root + uri.path;
    if (uri.path.empty() || by_path || found.name == uri.path) matching.push_back(found);
  }
  if (matching.size() == 1) return matching.front();
  const std::string there =
      absl::StrJoin(sensors, ", ", [&root](std::string* out, const Found& each) {
        absl::StrAppend(out, each.name, " (", each.folder.substr(root.size()), ")");
      });
  const std::string prefix = absl::StrCat("sensor \"", uri.text, "\": ");
  if (!matching.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        prefix, "more than one power sensor fits: name one of ", there, ", as hwmon:FOLDER"));
  }
  if (sensors.empty()) {
    return absl::NotFoundError(absl::StrCat(
        prefix, root, kFolder, " has no power sensor. Load its driver (for an INA219: sudo ",
        "modprobe ina2xx, and a device tree overlay for it), or read the chip itself with i2c:"));
  }
  return absl::NotFoundError(absl::StrCat(prefix, "no such power sensor; there is ", there));
}

std::string PathIfThere(FileSystem& file_system, const std::string& folder, const char* name) {
  const std::string path = JoinPath(folder, name);
  return file_system.Exists(path) ? path : std::string();
}

// Every file that is there can be read now.
absl::Status CheckFiles(FileSystem& file_system, const HwmonSensor::Options& options) {
  for (const std::string* path :
       {&options.power_path, &options.current_path, &options.voltage_path}) {
    if (path->empty()) continue;
    TJ_RETURN_IF_ERROR(RequireSysfsNumber(file_system, *path).status());
  }
  return absl::OkStatus();
}

}  // namespace

HwmonSensor::HwmonSensor(Options options, Clock& clock, FileSystem& file_system)
    : options_(std::move(options)), clock_(clock), file_system_(file_system) {}

v1::SensorDescription HwmonSensor::Describe() const {
  // The driver divides by the shunt that it believes in.
  const bool has_shunt = options_.driver_shunt_uohm > 0;
  const uint32_t driver_uohm = has_shunt ? options_.driver_shunt_uohm : 1'000'000;
  const uint32_t shunt_uohm = options_.shunt_uohm > 0 ? options_.shunt_uohm : driver_uohm;
  v1::SensorDescription description;
  description.set_uri(options_.uri);
  description.set_kind("hwmon");
  if (options_.power_path.empty()) {
    description.set_shunt_lsb_v(1e-3 * OhmsFromMicroohms(driver_uohm));
    description.set_bus_lsb_v(1e-3);
  }
  description.set_shunt_uohm(shunt_uohm);
  description.set_gain(1);
  description.set_has_power_channel(!options_.power_path.empty());
  description.set_power_lsb_w(1e-6 * static_cast<double>(driver_uohm) /
                              static_cast<double>(shunt_uohm));
  description.set_cycle_ns(options_.interval_ns);
  description.set_nominal_cycle_ns(options_.interval_ns);
  std::string resolution = absl::StrCat(
      options_.name, " through its driver: ", options_.power_path.empty() ? "1 mV, 1 mA" : "1 uW");
  if (has_shunt) {
    absl::StrAppendFormat(&resolution, " at its shunt of %g ohm", OhmsFromMicroohms(driver_uohm));
  }
  description.set_resolution(resolution);
  return description;
}

absl::Status HwmonSensor::Start() {
  grid_.Begin(clock_.MonotonicNs(), options_.interval_ns);
  reads_ = 0;
  stopped_ = false;
  return absl::OkStatus();
}

ReadOutcome HwmonSensor::ReadConversion(RawSample* sample) {
  if (stopped_) return ReadOutcome::kEnd;
  grid_.Await(clock_);
  if (stopped_) return ReadOutcome::kEnd;
  *sample = RawSample();
  if (!Read(options_.voltage_path, &sample->bus) || !Read(options_.current_path, &sample->shunt) ||
      !Read(options_.power_path, &sample->power)) {
    return ReadOutcome::kFailed;
  }
  sample->t_ns = clock_.MonotonicNs() / kTimeUnitNs * kTimeUnitNs;
  return ReadOutcome::kSample;
}

bool HwmonSensor::Read(const std::string& path, int32_t* number) {
  if (path.empty()) return true;
  reads_.fetch_add(1, std::memory_order_relaxed);
  int64_t read = 0;
  if (!ReadSysfsNumber(file_system_, path, &read)) return false;
  if (read < INT32_MIN || read > INT32_MAX) return false;
  *number = static_cast<int32_t>(read);
  return true;
}

SensorHealth HwmonSensor::Health() const {
  SensorHealth health;
  health.reads = reads_;
  return health;
}

absl::StatusOr<std::unique_ptr<PowerSensor>> MakeHwmon(
    const SensorUri& uri, const PowerSensorDependencies& dependencies) {
  FileSystem& file_system = dependencies.file_system;
  SensorParameters parameters(uri);
  TJ_ASSIGN_OR_RETURN(const uint64_t shunt_uohm, parameters.TakeCount("shunt_uohm", 0));
  TJ_ASSIGN_OR_RETURN(const std::optional<double> interval_ms,
                      parameters.TakeOptionalNumber("interval_ms", kMinIntervalMs, 1000));
  TJ_RETURN_IF_ERROR(parameters.Finish());
  if (shunt_uohm > kMaxShuntUohm) {
    return parameters.Invalid("shunt_uohm", "from 1 to 10000000 micro-ohm");
  }
  TJ_ASSIGN_OR_RETURN(const Found found, ChooseSensor(uri, dependencies.root,
                                                      FindSensors(file_system, dependencies.root)));
  HwmonSensor::Options options;
  options.uri = uri.text;
  options.name = found.name;
  options.current_path = PathIfThere(file_system, found.folder, "curr1_input");
  options.voltage_path = PathIfThere(file_system, found.folder, "in1_input");
  // The power of an INA2xx comes in steps of 20 or 25 of its current's: only where there is no
  // better.
  if (options.current_path.empty() || options.voltage_path.empty()) {
    options.power_path = PathIfThere(file_system, found.folder, "power1_input");
  }
  options.shunt_uohm = static_cast<uint32_t>(shunt_uohm);
  int64_t driver_shunt_uohm = 0;
  if (ReadSysfsNumber(file_system, JoinPath(found.folder, "shunt_resistor"), &driver_shunt_uohm)) {
    options.driver_shunt_uohm = static_cast<uint32_t>(driver_shunt_uohm);
  } else if (shunt_uohm > 0) {
    return parameters.Invalid("shunt_uohm", "known to this driver: it has no shunt_resistor");
  }
  int64_t update_ms = kDefaultIntervalMs;
  ReadSysfsNumber(file_system, JoinPath(found.folder, "update_interval"), &update_ms);
  const double wanted_ms =
      interval_ms.value_or(static_cast<double>(std::max(update_ms, kMinIntervalMs)));
  options.interval_ns = static_cast<int64_t>(wanted_ms * 1e3) * kNsPerUs;
  const absl::Status status = CheckFiles(file_system, options);
  if (!status.ok()) return Annotate(status, absl::StrCat("sensor \"", uri.text, "\""));
  return std::make_unique<HwmonSensor>(std::move(options), dependencies.clock, file_system);
}

}  // namespace tinyjoule
