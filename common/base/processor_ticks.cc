// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/processor_ticks.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kMaxFileBytes = 16 << 10;

// Sums the numbers at places [first, last] of blank-separated words.
std::optional<uint64_t> SumOfWords(absl::string_view text, size_t first, size_t last) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (words.size() <= last) return std::nullopt;
  uint64_t sum = 0;
  for (size_t i = first; i <= last; ++i) {
    uint64_t number = 0;
    if (!absl::SimpleAtoi(words[i], &number)) return std::nullopt;
    sum += number;
  }
  return sum;
}

}  // namespace

// "cpu  user nice system idle ...".
std::optional<uint64_t> BusyTicks(FileSystem& file_system, const std::string& root) {
  const auto text = file_system.ReadRange(root + "/proc/stat", 0, kMaxFileBytes);
  if (!text.ok()) return std::nullopt;
  absl::string_view stat = *text;
  if (!absl::ConsumePrefix(&stat, "cpu ")) return std::nullopt;
  return SumOfWords(stat, 0, 2);
}

// "pid (name) state ...": utime and stime are the 14th and 15th, the 12th and 13th after the name,
// which may hold anything.
std::optional<uint64_t> ProcessTicks(FileSystem& file_system, const std::string& root,
                                     const std::string& pid) {
  const auto stat =
      file_system.ReadRange(absl::StrCat(root, "/proc/", pid, "/stat"), 0, kMaxFileBytes);
  if (!stat.ok()) return std::nullopt;
  const size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  return SumOfWords(absl::string_view(*stat).substr(name_end + 1), 11, 12);
}

}  // namespace tinyjoule
