// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/sysfs.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// The longest text that std::string keeps without allocating; a number of 14 digits and its line's
// end.
constexpr uint64_t kNumberBytes = 15;
constexpr uint64_t kTextBytes = 256;

}  // namespace

absl::StatusOr<int64_t> RequireSysfsNumber(FileSystem& file_system, const std::string& path) {
  TJ_ASSIGN_OR_RETURN(const std::string text, file_system.ReadRange(path, 0, kNumberBytes));
  int64_t number = 0;
  if (text.size() < kNumberBytes && absl::SimpleAtoi(text, &number)) return number;
  return absl::DataLossError(
      absl::StrCat(path, " holds no number: \"", absl::StripAsciiWhitespace(text), "\""));
}

bool ReadSysfsNumber(FileSystem& file_system, const std::string& path, int64_t* number) {
  const absl::StatusOr<int64_t> read = RequireSysfsNumber(file_system, path);
  if (read.ok()) *number = *read;
  return read.ok();
}

std::string ReadSysfsText(FileSystem& file_system, const std::string& path) {
  const absl::StatusOr<std::string> text = file_system.ReadRange(path, 0, kTextBytes);
  return text.ok() ? std::string(absl::StripAsciiWhitespace(*text)) : std::string();
}

}  // namespace tinyjoule
