// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_SYSFS_H_
#define COMMON_BASE_SYSFS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// The number in a file of sysfs; false when it cannot be read or is none. Allocates nothing when it
// works.
bool ReadSysfsNumber(FileSystem& file_system, const std::string& path, int64_t* number);

// As an error that names the file: PermissionDenied, NotFound, ...
absl::StatusOr<int64_t> RequireSysfsNumber(FileSystem& file_system, const std::string& path);

// A line of text without its end; empty when it cannot be read.
std::string ReadSysfsText(FileSystem& file_system, const std::string& path);

}  // namespace tinyjoule

#endif  // COMMON_BASE_SYSFS_H_
