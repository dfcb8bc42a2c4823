// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/export/cell.h"
#include "server/export/columns.h"
#include "server/export/export.h"

namespace tinyjoule {
namespace {

std::vector<ColumnInfo> ColumnsOf(v1::ExportTable table, v1::ExportFormat format,
                                  const ParameterPaths& paths) {
  std::vector<ColumnInfo> columns;
  const bool reference = format == v1::EXPORT_FORMAT_REFERENCE;
  if (table == v1::EXPORT_TABLE_RUNS)
    columns = InfosOf(reference ? ReferenceColumns() : RunColumns());
  if (table == v1::EXPORT_TABLE_WINDOWS) columns = InfosOf(WindowColumns());
  if (table == v1::EXPORT_TABLE_SAMPLES) columns = InfosOf(SampleColumns());
  if (table == v1::EXPORT_TABLE_TRIALS) columns = InfosOf(TrialColumns());
  const bool swept =
      (table == v1::EXPORT_TABLE_RUNS && !reference) || table == v1::EXPORT_TABLE_TRIALS;
  if (!swept) return columns;
  for (const std::string& path : paths) columns.push_back(ParameterColumn(path));
  return columns;
}

void AppendMember(absl::string_view name, absl::string_view text, std::string& json) {
  AppendJsonText(name, json);
  json += ": ";
  AppendJsonText(text, json);
}

void AppendColumn(const ColumnInfo& column, std::string& json) {
  json += "          {";
  AppendMember("name", column.name, json);
  json += ", ";
  AppendMember("type", column.type, json);
  if (!column.unit.empty()) {
    json += ", ";
    AppendMember("unit", column.unit, json);
  }
  json += ", ";
  AppendMember("description", column.meaning, json);
  json += "}";
}

void AppendResource(v1::ExportTable table, v1::ExportFormat format, const ParameterPaths& paths,
                    std::string& json) {
  const std::string file = ExportFileName(table, format);
  const bool is_json = format == v1::EXPORT_FORMAT_JSON;
  json += "    {\n      ";
  AppendMember("name", absl::StrReplaceAll(file, {{".csv", ""}, {".json", ""}}), json);
  json += ",\n      ";
  AppendMember("path", file, json);
  json += ",\n      \"profile\": \"tabular-data-resource\",\n      ";
  AppendMember("format", is_json ? "json" : "csv", json);
  json += ",\n      ";
  AppendMember("mediatype", is_json ? "application/json" : "text/csv", json);
  json += ",\n      \"encoding\": \"utf-8\",\n      \"schema\": {\n";
  json += "        \"missingValues\": [\"\"],\n        \"fields\": [\n";
  const std::vector<ColumnInfo> columns = ColumnsOf(table, format, paths);
  for (size_t i = 0; i < columns.size(); ++i) {
    AppendColumn(columns[i], json);
    json += i + 1 < columns.size() ? ",\n" : "\n";
  }
  json += "        ]\n      }\n    }";
}

std::string MarkdownCell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}});
}

void AppendMarkdownTable(absl::string_view title, absl::string_view text,
                         const std::vector<ColumnInfo>& columns, std::string& out) {
  absl::StrAppend(&out, "\n## ", title, "\n\n", text, "\n\n",
                  "| column | type | unit | meaning |\n| --- | --- | --- | --- |\n");
  for (const ColumnInfo& column : columns) {
    absl::StrAppend(&out, "| `", column.name, "` | ", column.type, " | ", column.unit, " | ",
                    MarkdownCell(column.meaning), " |\n");
  }
}

}  // namespace

std::string DataPackageJson(absl::string_view sweep_name, absl::Span<const v1::ExportTable> tables,
                            v1::ExportFormat format, const ParameterPaths& paths) {
  std::string json = "{\n  \"profile\": \"tabular-data-package\",\n  ";
  AppendMember("name", sweep_name, json);
  json += ",\n  \"resources\": [\n";
  for (size_t i = 0; i < tables.size(); ++i) {
    AppendResource(tables[i], format, paths, json);
    json += i + 1 < tables.size() ? ",\n" : "\n";
  }
  json += "  ]\n}\n";
  return json;
}

std::string ColumnsMarkdown() {
  std::string out =
      "# Columns of the exported tables\n\n"
      "Generated from the table of columns in `server/export`; a test keeps it so (`tests/golden` "
      "says how to\nupdate it). An empty cell is a missing value. The order of columns only grows. "
      "JSON has the same names.\n";
  AppendMarkdownTable("runs", "One row per run.", InfosOf(RunColumns()), out);
  const ColumnInfo parameter = ParameterColumn("<path>");
  absl::StrAppend(&out, "| `", parameter.name, "` | ", parameter.type, " |  | ",
                  MarkdownCell(parameter.meaning), " |\n");
  AppendMarkdownTable("windows", "One row per inference window of a run.", InfosOf(WindowColumns()),
                      out);
  AppendMarkdownTable("samples", "One row per conversion of the sensor.", InfosOf(SampleColumns()),
                      out);
  AppendMarkdownTable("trials",
                      "One row per trial, then `param.<path>`; baselines are rows with model "
                      "`baseline`.",
                      InfosOf(TrialColumns()), out);
  AppendMarkdownTable("runs, `--format reference`", "The columns of the reference study.",
                      InfosOf(ReferenceColumns()), out);
  return out;
}

}  // namespace tinyjoule
