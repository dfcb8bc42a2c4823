// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/rapl_sensor.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr char kFolder[] = "/sys/class/powercap";
constexpr uint64_t kDefaultIntervalMs = 20;

// A zone of the tree, by its own name.
struct Found {
  std::string name;
  std::string folder;
};

std::vector<Found> FindZones(FileSystem& file_system, const std::string& root) {
  std::vector<Found> zones;
  const std::string top = root + kFolder;
  const auto entries = file_system.ListFolder(top);
  if (!entries.ok()) return zones;
  for (const std::string& entry : *entries) {
    // intel-rapl-mmio shows the same counters once more.
    if (!absl::StartsWith(entry, "intel-rapl:")) continue;
    const std::string folder = JoinPath(top, entry);
    zones.push_back({ReadSysfsText(file_system, JoinPath(folder, "name")), folder});
  }
  return zones;
}

absl::StatusOr<RaplSensor::Zone> OpenZone(FileSystem& file_system, const Found& found) {
  RaplSensor::Zone zone;
  zone.energy_path = JoinPath(found.folder, "energy_uj");
  TJ_ASSIGN_OR_RETURN(
      zone.range_uj,
      RequireSysfsNumber(file_system, JoinPath(found.folder, "max_energy_range_uj")));
  const absl::StatusOr<int64_t> energy = RequireSysfsNumber(file_system, zone.energy_path);
  if (absl::IsPermissionDenied(energy.status())) {
    return absl::PermissionDeniedError(absl::StrCat(
        energy.status().message(),
        ": only root may read it. Let the agent's group: ", "sudo chgrp GROUP ", zone.energy_path,
        " && sudo chmod g+r ", zone.energy_path, " (at every boot: a udev rule)"));
  }
  if (!energy.ok()) return energy.status();
  return zone;
}

}  // namespace

RaplSensor::RaplSensor(Options options, Clock& clock, FileSystem& file_system)
    : options_(std::move(options)), clock_(clock), file_system_(file_system) {}

v1::SensorDescription RaplSensor::Describe() const {
  v1::SensorDescription description;
  description.set_uri(options_.uri);
  description.set_kind("rapl");
  // No voltage and no current: their counts are 0.
  description.set_shunt_uohm(1'000'000);
  description.set_gain(1);
  description.set_has_power_channel(true);
  description.set_power_lsb_w(1e-6);
  description.set_cycle_ns(options_.interval_ns);
  description.set_nominal_cycle_ns(options_.interval_ns);
  description.set_resolution(absl::StrCat(options_.what, ", 1 uJ"));
  return description;
}

absl::Status RaplSensor::Start() {
  for (Zone& zone : options_.zones) {
    TJ_ASSIGN_OR_RETURN(zone.last_uj, RequireSysfsNumber(file_system_, zone.energy_path));
  }
  last_ns_ = clock_.MonotonicNs() / kTimeUnitNs * kTimeUnitNs;
  grid_.Begin(last_ns_, options_.interval_ns);
  reads_ = 0;
  stopped_ = false;
  return absl::OkStatus();
}

ReadOutcome RaplSensor::ReadConversion(RawSample* sample) {
  if (stopped_) return ReadOutcome::kEnd;
  grid_.Await(clock_);
  if (stopped_) return ReadOutcome::kEnd;
  const int64_t energy_uj = TakeEnergyUj();
  if (energy_uj < 0) return ReadOutcome::kFailed;
  const int64_t now_ns = clock_.MonotonicNs() / kTimeUnitNs * kTimeUnitNs;
  const double power_uw =
      static_cast<double>(energy_uj) * 1e9 / static_cast<double>(now_ns - last_ns_);
  last_ns_ = now_ns;
  // 2.1 kW: the counter jumped.
  if (power_uw > INT32_MAX) return ReadOutcome::kFailed;
  *sample = RawSample();
  sample->t_ns = now_ns;
  sample->power = static_cast<int32_t>(power_uw + 0.5);
  return ReadOutcome::kSample;
}

int64_t RaplSensor::TakeEnergyUj() {
  int64_t sum_uj = 0;
  for (Zone& zone : options_.zones) {
    reads_.fetch_add(1, std::memory_order_relaxed);
    int64_t now_uj = 0;
    if (!ReadSysfsNumber(file_system_, zone.energy_path, &now_uj)) return -1;
    sum_uj += now_uj - zone.last_uj + (now_uj < zone.last_uj ? zone.range_uj : 0);
    zone.last_uj = now_uj;
  }
  return sum_uj;
}

SensorHealth RaplSensor::Health() const {
  SensorHealth health;
  health.reads = reads_;
  return health;
}

absl::StatusOr<std::unique_ptr<PowerSensor>> MakeRapl(const SensorUri& uri,
                                                      const PowerSensorDependencies& dependencies) {
  SensorParameters parameters(uri);
  TJ_ASSIGN_OR_RETURN(const double interval_ms,
                      parameters.TakeNumber("interval_ms", kDefaultIntervalMs, 5, 1000));
  TJ_RETURN_IF_ERROR(parameters.Finish());
  RaplSensor::Options options;
  options.uri = uri.text;
  options.interval_ns = static_cast<int64_t>(interval_ms * 1e3) * kNsPerUs;
  FileSystem& file_system = dependencies.file_system;
  std::set<std::string> names;
  std::vector<std::string> taken;
  for (const Found& found : FindZones(file_system, dependencies.root)) {
    names.insert(found.name);
    const bool wanted =
        uri.path.empty() ? absl::StartsWith(found.name, "package-") : found.name == uri.path;
    if (!wanted) continue;
    auto zone = OpenZone(file_system, found);
    if (!zone.ok()) return Annotate(zone.status(), absl::StrCat("sensor \"", uri.text, "\""));
    options.zones.push_back(*std::move(zone));
    taken.push_back(found.name);
  }
  if (options.zones.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "sensor \"", uri.text, "\": ", dependencies.root, kFolder, " has ",
        names.empty() ? "no energy counters: this processor or kernel has no RAPL (load "
                        "intel_rapl_msr; virtual machines and Pis have none)"
                      : absl::StrCat("no such zone; it has ", absl::StrJoin(names, ", "))));
  }
  options.what = absl::StrJoin(taken, " + ");
  return std::make_unique<RaplSensor>(std::move(options), dependencies.clock, file_system);
}

}  // namespace tinyjoule
