// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_PROCESSOR_TICKS_H_
#define COMMON_BASE_PROCESSOR_TICKS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/file_system.h"

namespace tinyjoule {

// USER_HZ, a constant of Linux's interface on every architecture we run on.
inline constexpr int64_t kTicksPerSecond = 100;

// Processor time since boot, in ticks of 1/kTicksPerSecond, rounded down; nothing when /proc below
// `root` does not tell.

// In all processes on all CPUs: user, nice and system.
std::optional<uint64_t> BusyTicks(FileSystem& file_system, const std::string& root);
// Of one process with all its threads: a number, or "self".
std::optional<uint64_t> ProcessTicks(FileSystem& file_system, const std::string& root,
                                     const std::string& pid);

}  // namespace tinyjoule

#endif  // COMMON_BASE_PROCESSOR_TICKS_H_
