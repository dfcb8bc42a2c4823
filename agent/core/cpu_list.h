// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CPU_LIST_H_
#define AGENT_CORE_CPU_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tinyjoule {

// CPU numbers as the kernel writes them: "0-2,5". Sorted, each once.
// InvalidArgument: no such list, or a number beyond kMaxCpu.
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);
// Of sorted numbers.
std::string FormatCpuList(absl::Span<const int> cpus);

inline constexpr int kMaxCpu = 1023;

}  // namespace tinyjoule

#endif  // AGENT_CORE_CPU_LIST_H_
