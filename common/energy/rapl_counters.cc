// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/rapl_counters.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/sysfs.h"

namespace tinyjoule {
namespace {

constexpr char kFolder[] = "/sys/class/powercap";

// A zone of the tree, by its own name.
struct Zone {
  std::string name;
  std::string folder;
};

std::vector<Zone> FindZones(FileSystem& files, const std::string& top) {
  std::vector<Zone> zones;
  const auto entries = files.ListFolder(top);
  if (!entries.ok()) return zones;
  for (const std::string& entry : *entries) {
    // intel-rapl-mmio shows the same counters once more.
    if (!absl::StartsWith(entry, "intel-rapl:")) continue;
    const std::string folder = JoinPath(top, entry);
    zones.push_back({ReadSysfsText(files, JoinPath(folder, "name")), folder});
  }
  return zones;
}

absl::Status NoZone(const std::string& top, const std::vector<Zone>& zones) {
  std::set<std::string> names;
  for (const Zone& zone : zones) names.insert(zone.name);
  return absl::NotFoundError(absl::StrCat(
      top, " has ",
      names.empty() ? "no energy counters: this processor or kernel has no RAPL (load "
                      "intel_rapl_msr; virtual machines and Pis have none)"
                    : absl::StrCat("no such zone; it has ", absl::StrJoin(names, ", "))));
}

}  // namespace

absl::StatusOr<RaplCounters> RaplCounters::Open(FileSystem& files, const std::string& root,
                                                const std::string& zone) {
  const std::string top = root + kFolder;
  const std::vector<Zone> zones = FindZones(files, top);
  RaplCounters counters(files);
  for (const Zone& found : zones) {
    const bool wanted =
        zone.empty() ? absl::StartsWith(found.name, "package-") : found.name == zone;
    if (!wanted) continue;
    TJ_RETURN_IF_ERROR(counters.Add(found.folder));
    absl::StrAppend(&counters.names_, counters.names_.empty() ? "" : " + ", found.name);
  }
  if (counters.counters_.empty()) return NoZone(top, zones);
  return counters;
}

absl::Status RaplCounters::Add(const std::string& folder) {
  Counter counter;
  counter.path = JoinPath(folder, "energy_uj");
  TJ_ASSIGN_OR_RETURN(counter.range_uj,
                      RequireSysfsNumber(*files_, JoinPath(folder, "max_energy_range_uj")));
  const absl::Status readable = RequireSysfsNumber(*files_, counter.path).status();
  if (absl::IsPermissionDenied(readable)) {
    return absl::PermissionDeniedError(absl::StrCat(
        readable.message(), ": only root may read it. Share it with a group: ", "sudo chgrp GROUP ",
        counter.path, " && sudo chmod g+r ", counter.path, " (at every boot: a udev rule)"));
  }
  TJ_RETURN_IF_ERROR(readable);
  counters_.push_back(std::move(counter));
  return absl::OkStatus();
}

absl::Status RaplCounters::Begin() {
  for (Counter& counter : counters_) {
    TJ_ASSIGN_OR_RETURN(counter.last_uj, RequireSysfsNumber(*files_, counter.path));
  }
  pending_uj_ = 0;
  return absl::OkStatus();
}

bool RaplCounters::Take(int64_t* energy_uj) {
  for (Counter& counter : counters_) {
    int64_t now_uj = 0;
    if (!ReadSysfsNumber(*files_, counter.path, &now_uj)) return false;
    pending_uj_ += now_uj - counter.last_uj + (now_uj < counter.last_uj ? counter.range_uj : 0);
    counter.last_uj = now_uj;
  }
  *energy_uj = std::exchange(pending_uj_, 0);
  return true;
}

int64_t RaplCounters::range_uj() const {
  int64_t range_uj = INT64_MAX;
  for (const Counter& counter : counters_) range_uj = std::min(range_uj, counter.range_uj);
  return range_uj;
}

}  // namespace tinyjoule
