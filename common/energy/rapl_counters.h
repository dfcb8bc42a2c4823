// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_RAPL_COUNTERS_H_
#define COMMON_ENERGY_RAPL_COUNTERS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// The energy counters of a PC's processor, below /sys/class/powercap. One thread at a time.
//
//   1. Open. 2. Begin. 3. Take again and again, before a counter can have wrapped around twice
//   (minutes; see range_uj). Begin again begins anew.
class RaplCounters {
 public:
  // Every package, or with `zone` every zone of that name, such as package-0, core or dram. `root`
  // stands before /sys. NotFound: there is none; PermissionDenied: only root may read; both say
  // what to do. `files` outlives the counters.
  static absl::StatusOr<RaplCounters> Open(FileSystem& files, const std::string& root,
                                           const std::string& zone);

  [[nodiscard]] absl::Status Begin();
  // Energy since the last successful Take, or Begin. False: a counter could not be read, and the
  // next Take has this energy too. Allocates nothing when it works.
  bool Take(int64_t* energy_uj);

  // Such as "package-0 + package-1".
  const std::string& zones() const { return names_; }
  size_t count() const { return counters_.size(); }
  // The least that a counter counts before it begins again.
  int64_t range_uj() const;

 private:
  struct Counter {
    std::string path;
    int64_t range_uj = 0;
    int64_t last_uj = 0;
  };

  explicit RaplCounters(FileSystem& files) : files_(&files) {}
  [[nodiscard]] absl::Status Add(const std::string& folder);

  FileSystem* files_;
  std::vector<Counter> counters_;
  std::string names_;
  int64_t pending_uj_ = 0;
};

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_RAPL_COUNTERS_H_
