// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/cpu_list.h"

#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tinyjoule {
namespace {

// "3" or "3-5".
bool AddRange(absl::string_view text, std::set<int>& cpus) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  int first = 0;
  int last = 0;
  if (!absl::SimpleAtoi(ends.first, &first)) return false;
  const bool is_range = ends.first.size() < text.size();
  if (!absl::SimpleAtoi(is_range ? ends.second : ends.first, &last)) return false;
  if (first < 0 || last < first || last > kMaxCpu) return false;
  for (int cpu = first; cpu <= last; ++cpu) cpus.insert(cpu);
  return true;
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text) {
  std::set<int> cpus;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    if (!AddRange(part, cpus)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is no list of CPUs such as 2-3 or 1,3"));
    }
  }
  return std::vector<int>(cpus.begin(), cpus.end());
}

std::string FormatCpuList(absl::Span<const int> cpus) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < cpus.size();) {
    size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    parts.push_back(last == i ? absl::StrCat(cpus[i]) : absl::StrCat(cpus[i], "-", cpus[last]));
    i = last + 1;
  }
  return absl::StrJoin(parts, ",");
}

}  // namespace tinyjoule
