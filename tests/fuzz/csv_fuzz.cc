// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Tables of strangers: no crash, and what was read can be written and read back.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "common/csv/csv_reader.h"
#include "common/csv/csv_writer.h"

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::optional<Rows> Read(const std::string& text, const tinyjoule::CsvReaderOptions& options) {
  std::istringstream stream(text);
  tinyjoule::CsvReader reader(stream, "fuzz.csv", options);
  Rows rows;
  std::vector<absl::string_view> cells;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(cells);
    if (!more.ok()) return std::nullopt;
    if (!*more) return rows;
    static_cast<void>(reader.ErrorAt(cells.size() - 1, "here"));
    for (const absl::string_view cell : cells) {
      static_cast<void>(tinyjoule::ParseCsvNumber(cell, ','));
    }
    rows.emplace_back(cells.begin(), cells.end());
  }
}

// What the writer makes of a text, a formula made safe included.
std::string Safe(const std::string& text) {
  const bool formula = !text.empty() && std::string("=+-@\t\r").find(text[0]) != std::string::npos;
  return formula ? "'" + text : text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  tinyjoule::CsvReaderOptions options;
  options.allow_ragged = size % 2 == 0;
  options.delimiter = size % 3 == 0 ? ';' : ',';
  options.encoding =
      size % 5 == 0 ? tinyjoule::CsvEncoding::kLatin1 : tinyjoule::CsvEncoding::kUtf8;
  const std::optional<Rows> rows = Read(text, options);
  if (!rows) return 0;
  std::string written;
  tinyjoule::CsvWriter writer(written);
  Rows expected;
  for (const auto& row : *rows) {
    // A row of one empty cell is a blank line, which readers skip.
    if (row.size() == 1 && row[0].empty()) continue;
    writer.AddRow(row);
    expected.emplace_back();
    for (const std::string& cell : row) expected.back().push_back(Safe(cell));
  }
  tinyjoule::CsvReaderOptions plain;
  plain.allow_ragged = true;
  if (Read(written, plain) != expected) std::abort();
  return 0;
}
