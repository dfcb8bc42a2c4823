// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_SYSFS_READING_H_
#define AGENT_POWER_SYSFS_READING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// The number in a file of sysfs; false when it cannot be read or is none. Allocates nothing when it
// works.
bool ReadSysfsNumber(FileSystem& file_system, const std::string& path, int64_t* number);

// As an error that names the file: PermissionDenied, NotFound, ...
absl::StatusOr<int64_t> RequireSysfsNumber(FileSystem& file_system, const std::string& path);

// A line of text without its end; empty when it cannot be read.
std::string ReadSysfsText(FileSystem& file_system, const std::string& path);

// Reading times at a fixed interval. One thread; allocates nothing.
class ReadingGrid {
 public:
  void Begin(int64_t now_ns, int64_t interval_ns);
  // Sleeps until the next reading is due; those whose time has passed are left out.
  void Await(Clock& clock);

 private:
  int64_t interval_ns_ = 0;
  int64_t next_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_SYSFS_READING_H_
