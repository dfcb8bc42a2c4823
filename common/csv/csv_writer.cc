// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/csv/csv_writer.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

constexpr double kSmallestPlain = 1e-5;
constexpr double kLargestPlain = 1e15;

bool LooksLikeFormula(absl::string_view text) {
  return !text.empty() && absl::string_view("=+-@\t\r").find(text.front()) != text.npos;
}

bool NeedsQuotes(absl::string_view text) {
  // Bare at the start of a file it would be taken for a byte order mark.
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return true;
  // Blanks at the ends: some readers trim them.
  return text.find_first_of(",\"\r\n") != text.npos ||
         (!text.empty() && (text.front() == ' ' || text.back() == ' '));
}

}  // namespace

void CsvWriter::Separate() {
  if (!row_is_empty_) out_ += ',';
  row_is_empty_ = false;
}

void CsvWriter::AddText(absl::string_view text) {
  Separate();
  const bool quoted = NeedsQuotes(text);
  if (quoted) out_ += '"';
  if (LooksLikeFormula(text)) out_ += '\'';
  for (const char c : text) {
    if (c == '"') out_ += '"';
    out_ += c;
  }
  if (quoted) out_ += '"';
}

void CsvWriter::AddNumber(double value) {
  Separate();
  if (std::isfinite(value)) out_ += ShortestNumber(value);
}

void CsvWriter::AddNumber(const std::optional<double>& value) {
  if (!value) return AddEmpty();
  AddNumber(*value);
}

void CsvWriter::AddInteger(int64_t value) {
  Separate();
  absl::StrAppend(&out_, value);
}

void CsvWriter::AddUnsigned(uint64_t value) {
  Separate();
  absl::StrAppend(&out_, value);
}

void CsvWriter::AddBool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

void CsvWriter::AddEmpty() { Separate(); }

void CsvWriter::EndRow() {
  out_ += row_end_;
  row_is_empty_ = true;
}

void CsvWriter::AddRow(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) AddText(cell);
  EndRow();
}

std::string ShortestNumber(double value) {
  const double size = std::abs(value);
  const bool plain = value == 0 || (size >= kSmallestPlain && size < kLargestPlain);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, format).ptr;
  return std::string(buffer, end);
}

}  // namespace tinyjoule
