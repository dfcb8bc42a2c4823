// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/diagnostic.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

// Long lines (a table pasted into a file) are cut around the caret.
constexpr size_t kMaxShownColumns = 160;

// Optimal string alignment: a swap of neighbours is one slip.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string LowerAlphanumeric(absl::string_view word) {
  std::string result;
  for (const char c : word) {
    if (c == '-' || c == ' ' || c == '_') {
      result += '_';
    } else {
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return result;
}

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Control characters would move the cursor of a terminal.
char Printable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F ? ' ' : c;
}

std::string FormatExcerpt(const Diagnostic& diagnostic) {
  const size_t column = diagnostic.column > 0 ? static_cast<size_t>(diagnostic.column) - 1 : 0;
  const size_t first = column > kMaxShownColumns / 2 ? column - kMaxShownColumns / 2 : 0;
  std::string shown;
  size_t position = 0;
  for (size_t i = 0; i < diagnostic.source_line.size(); ++i) {
    const char c = diagnostic.source_line[i];
    if (i > 0 && !IsContinuationByte(c)) ++position;
    if (position >= first && position < first + kMaxShownColumns) shown += Printable(c);
  }
  const size_t room = first + kMaxShownColumns - column;
  const size_t length = std::clamp<size_t>(static_cast<size_t>(diagnostic.length), 1, room);
  return absl::StrCat("  ", shown, "\n  ", std::string(column - first, ' '), "^",
                      std::string(length - 1, '~'), "\n");
}

std::string FormatPlace(const Diagnostic& diagnostic) {
  if (diagnostic.line <= 0) return diagnostic.file;
  return absl::StrCat(diagnostic.file, ":", diagnostic.line, ":", diagnostic.column);
}

}  // namespace

std::string FormatDiagnostics(const std::vector<Diagnostic>& diagnostics) {
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics) {
    const char* const kind = diagnostic.severity == Severity::kWarning ? "warning: " : "";
    absl::StrAppend(&result, FormatPlace(diagnostic), ": ", kind, diagnostic.message, "\n");
    if (!diagnostic.source_line.empty()) absl::StrAppend(&result, FormatExcerpt(diagnostic));
  }
  return result;
}

bool HasErrors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

std::string NearestWord(absl::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 64) return "";
  const std::string wanted = LowerAlphanumeric(word);
  // A third of the letters may be wrong, and at least one.
  size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
  std::string best;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(wanted, LowerAlphanumeric(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestWord(word, candidates);
  return nearest.empty() ? "" : absl::StrCat(" (did you mean \"", nearest, "\"?)");
}

}  // namespace tinyjoule
