// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CSV_CSV_WRITER_H_
#define COMMON_CSV_CSV_WRITER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// Appends RFC 4180 rows (UTF-8, comma) to a string that the caller owns and may empty between rows.
// Rows end with LF for the eye and for pipes; files pass kCrLf, as the RFC has it. The same values
// give the same bytes. One thread.
class CsvWriter {
 public:
  static constexpr const char* kCrLf = "\r\n";
  explicit CsvWriter(std::string& out, const char* row_end = "\n") : out_(out), row_end_(row_end) {}

  // Text is quoted when it must be. A text that a spreadsheet would run as a formula (it begins
  // with = + - @, tab or CR) gets a ' before it; numbers are never touched.
  void AddText(absl::string_view text);
  // The shortest digits that read back as the same number. Not finite: an empty cell.
  void AddNumber(double value);
  void AddNumber(const std::optional<double>& value);
  void AddInteger(int64_t value);
  void AddUnsigned(uint64_t value);
  // "true" or "false".
  void AddBool(bool value);
  // Missing.
  void AddEmpty();
  void EndRow();

  // A row of texts.
  void AddRow(const std::vector<std::string>& cells);

 private:
  void Separate();

  std::string& out_;
  const char* const row_end_;
  bool row_is_empty_ = true;
};

// The shortest digits that read back as the same number, with '.' whatever the locale: "0.1",
// "100000", "-0"; with an exponent below 1e-5 and from 1e15 on ("1e-07").
std::string ShortestNumber(double value);

}  // namespace tinyjoule

#endif  // COMMON_CSV_CSV_WRITER_H_
