// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_DIAGNOSTIC_H_
#define COMMON_CONFIG_DIAGNOSTIC_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tinyjoule {

enum class Severity { kError, kWarning };

// One thing that is wrong with a file, and where.
struct Diagnostic {
  Severity severity = Severity::kError;
  // As the user wrote it; "--set" for an override.
  std::string file;
  // From 1, the column in characters; line 0: the file as a whole.
  int line = 0;
  int column = 0;
  // A sentence without its full stop.
  std::string message;
  // The text of the line, for the caret.
  std::string source_line;
  // Characters that the caret underlines, at least 1.
  int length = 1;
};

// "file:line:column: message", the source line and a caret below, for each; ends with a newline.
// Warnings carry "warning: " before the message.
std::string FormatDiagnostics(const std::vector<Diagnostic>& diagnostics);

bool HasErrors(const std::vector<Diagnostic>& diagnostics);

// The candidate nearest to `word`, when so near (edit distance) that a slip is likely; else empty.
std::string NearestWord(absl::string_view word, const std::vector<std::string>& candidates);

// " (did you mean \"word\"?)", or nothing.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_DIAGNOSTIC_H_
