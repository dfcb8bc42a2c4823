// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/table.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/yaml_text.h"
#include "common/csv/csv_reader.h"
#include "common/csv/csv_writer.h"

namespace tinyjoule {
namespace {

constexpr size_t kGap = 2;

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

std::string Title(const std::string& header) { return absl::StrReplaceAll(header, {{"_", " "}}); }

}  // namespace

size_t Table::Layout::LineWidth() const {
  size_t total = 0;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (shown[i]) total += widths[i] + (total > 0 ? kGap : 0);
  }
  return total;
}

Table::Layout Table::MakeLayout() const {
  // A column of nothing says nothing.
  Layout layout{std::vector<bool>(headers_.size(), rows_.empty()), {}};
  for (const std::string& header : headers_) layout.widths.push_back(ShownWidth(header));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      layout.widths[i] = std::max(layout.widths[i], ShownWidth(row[i]));
      layout.shown[i] = layout.shown[i] || !row[i].empty();
    }
  }
  return layout;
}

std::vector<std::string> Table::FitTo(size_t width, Layout& layout) const {
  std::vector<std::string> left_out;
  for (const std::string& detail : details_) {
    if (layout.LineWidth() <= width) break;
    const auto column =
        static_cast<size_t>(std::find(headers_.begin(), headers_.end(), detail) - headers_.begin());
    if (!layout.shown[column]) continue;
    layout.shown[column] = false;
    left_out.push_back(Title(detail));
  }
  return left_out;
}

std::string Table::Line(const std::vector<std::string>& cells, const Layout& layout,
                        bool is_header) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!layout.shown[i]) continue;
    const std::string padding(layout.widths[i] - ShownWidth(cells[i]), ' ');
    const bool right = !is_header && LooksLikeANumber(cells[i]);
    if (!line.empty()) line.append(kGap, ' ');
    line += right ? padding + Printable(cells[i]) : Printable(cells[i]) + padding;
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

void Table::WriteText(const Console& console) const {
  Layout layout = MakeLayout();
  std::vector<std::string> left_out;
  if (console.out_is_terminal) left_out = FitTo(static_cast<size_t>(console.width), layout);
  std::vector<std::string> titles;
  for (const std::string& header : headers_) titles.push_back(Title(header));
  std::string header = Line(titles, layout, true);
  if (console.out_is_terminal) {
    header = Painted(console, Colour::kBold, CutToWidth(header, console.width));
  }
  console.out << header << "\n";
  for (const auto& row : rows_) {
    const std::string line = Line(row, layout, false);
    console.out << (console.out_is_terminal ? CutToWidth(line, console.width) : line) << "\n";
  }
  if (left_out.empty()) return;
  console.out << std::flush;
  console.err << Painted(console, Colour::kGrey,
                         absl::StrCat("not shown: ", absl::StrJoin(left_out, ", "),
                                      " (-o csv has all)"))
              << "\n";
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

std::string ToJson(const google::protobuf::Message& message, Facts facts) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  // A script that reads `.fold` finds 0, not nothing. What was not measured stays absent.
  options.always_print_primitive_fields = facts == Facts::kAll;
  std::string json;
  // Our own message: printing it cannot fail.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

std::string ToYaml(const google::protobuf::Message& message, Facts facts) {
  return JsonToYaml(ToJson(message, facts));
}

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
