// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_CELL_H_
#define SERVER_EXPORT_CELL_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/csv/csv_writer.h"
#include "google/protobuf/timestamp.pb.h"

namespace tinyjoule {

// One value of a table; std::monostate is a missing one: an empty cell, or null.
using Cell = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string>;

// A missing cell for an empty text.
Cell TextCell(absl::string_view text);
// A missing cell for what is not finite: tables know no NaN.
Cell NumberCell(double value);
// ISO 8601 in UTC with a Z and as many digits as needed; missing outside the years 1 to 9999.
Cell TimeCell(const google::protobuf::Timestamp& time);

// A parameter's text: a number where it is written as one.
Cell ParameterCell(absl::string_view text);

// The next cell of a row; a text that a spreadsheet would run as a formula is made safe.
void AddCsv(const Cell& cell, CsvWriter& row);
void AppendJson(const Cell& cell, std::string& out);
// A JSON string with its quotes.
void AppendJsonText(absl::string_view text, std::string& out);

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_CELL_H_
