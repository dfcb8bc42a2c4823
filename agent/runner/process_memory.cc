// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/process_memory.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/file_system.h"

namespace tinyjoule {
namespace {

uint64_t ReadField(const std::string& path, absl::string_view field) {
  constexpr uint64_t kMaxBytes = 16 << 10;
  PosixFileSystem files;
  // The kernel says that such files are empty: read until they end.
  const absl::StatusOr<std::string> text = files.ReadRange(path, 0, kMaxBytes);
  return text.ok() ? ParseKilobytes(*text, field) : 0;
}

}  // namespace

uint64_t ProportionalSetBytes() { return ReadField("/proc/self/smaps_rollup", "Pss:"); }

uint64_t PeakResidentBytes() { return ReadField("/proc/self/status", "VmHWM:"); }

void ResetPeakResidentBytes() {
  const auto file = PosixFileSystem().OpenForAppend("/proc/self/clear_refs");
  if (file.ok()) (void)(*file)->Append("5");
}

uint64_t ParseKilobytes(absl::string_view text, absl::string_view field) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    uint64_t kilobytes = 0;
    if (absl::ConsumePrefix(&line, field) && absl::ConsumeSuffix(&line, "kB") &&
        absl::SimpleAtoi(line, &kilobytes)) {
      return kilobytes * 1024;
    }
  }
  return 0;
}

}  // namespace tinyjoule
