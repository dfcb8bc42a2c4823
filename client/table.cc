// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/table.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "client/yaml_text.h"
#include "common/csv/csv_reader.h"
#include "common/csv/csv_writer.h"

namespace tinyjoule {
namespace {

// Characters as a terminal shows them: continuation bytes of UTF-8 take no place.
size_t ShownWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Printable(std::string text) {
  for (char& c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return text;
}

bool LooksLikeANumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '+' ||
           c == 'e' || c == '/';
  });
}

}  // namespace

void Table::WriteText(const Console& console) const {
  std::vector<size_t> widths;
  for (const std::string& header : headers_) widths.push_back(ShownWidth(header));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], ShownWidth(row[i]));
  }
  // A column of nothing says nothing.
  std::vector<bool> shown(headers_.size(), rows_.empty());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) shown[i] = shown[i] || !row[i].empty();
  }
  const auto write_row = [&](const std::vector<std::string>& cells, bool is_header) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (!shown[i]) continue;
      const std::string padding(widths[i] - ShownWidth(cells[i]), ' ');
      const bool right = !is_header && LooksLikeANumber(cells[i]);
      if (!line.empty()) line += "  ";
      line += right ? padding + Printable(cells[i]) : Printable(cells[i]) + padding;
    }
    absl::StripTrailingAsciiWhitespace(&line);
    const bool bold = is_header && console.out_is_terminal && console.colour;
    console.out << (bold ? Painted(console, Colour::kBold, line) : line) << "\n";
  };
  std::vector<std::string> titles = headers_;
  for (std::string& title : titles) absl::StrReplaceAll({{"_", " "}}, &title);
  write_row(titles, true);
  for (const auto& row : rows_) write_row(row, false);
}

void Table::WriteCsv(std::ostream& out) const {
  std::string text;
  CsvWriter writer(text);
  writer.AddRow(headers_);
  for (const auto& row : rows_) {
    for (const std::string& cell : row) {
      // A minus before a number is no formula.
      const std::optional<double> number = ParseCsvNumber(cell);
      number&&* number < 0 ? writer.AddNumber(*number) : writer.AddText(cell);
    }
    writer.EndRow();
  }
  out << text;
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  // Our own message: printing it cannot fail.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

std::string ToYaml(const google::protobuf::Message& message) { return JsonToYaml(ToJson(message)); }

void WriteAnswer(const Console& console, OutputFormat format, const Table& table,
                 const google::protobuf::Message& message) {
  switch (format) {
    case OutputFormat::kTable:
      return table.WriteText(console);
    case OutputFormat::kCsv:
      return table.WriteCsv(console.out);
    case OutputFormat::kJson:
      console.out << ToJson(message);
      return;
    case OutputFormat::kYaml:
      console.out << ToYaml(message);
      return;
  }
}

}  // namespace tinyjoule
