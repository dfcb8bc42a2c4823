// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/table_writer.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"

namespace tinyjoule {

TableWriter::TableWriter(Syntax syntax, const std::vector<ColumnInfo>& columns,
                         ParameterPaths paths, ExportSink& sink)
    : syntax_(syntax), paths_(std::move(paths)), sink_(sink) {
  for (const ColumnInfo& column : columns) names_.push_back(column.name);
  for (const std::string& path : paths_) names_.push_back(ParameterColumn(path).name);
  if (syntax_ == Syntax::kJson) {
    pending_ = "[";
    return;
  }
  const std::vector<Cell> header(names_.begin(), names_.end());
  AppendRow(header);
}

absl::Status TableWriter::WriteRow(
    absl::Span<const Cell> cells,
    const google::protobuf::Map<std::string, std::string>& parameters) {
  std::vector<Cell> row(cells.begin(), cells.end());
  for (const std::string& path : paths_) {
    const auto found = parameters.find(path);
    row.push_back(found == parameters.end() ? Cell() : ParameterCell(found->second));
  }
  AppendRow(row);
  has_rows_ = true;
  return pending_.size() < kExportPieceBytes ? absl::OkStatus() : Flush();
}

absl::Status TableWriter::Finish() {
  if (syntax_ == Syntax::kJson) pending_ += has_rows_ ? "\n]\n" : "]\n";
  return Flush();
}

void TableWriter::AppendRow(absl::Span<const Cell> cells) {
  if (syntax_ == Syntax::kCsv) {
    CsvWriter row(pending_, CsvWriter::kCrLf);
    for (const Cell& cell : cells) AddCsv(cell, row);
    row.EndRow();
    return;
  }
  pending_ += has_rows_ ? ",\n{" : "\n{";
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) pending_ += ',';
    AppendJsonText(names_[i], pending_);
    pending_ += ':';
    AppendJson(cells[i], pending_);
  }
  pending_ += '}';
}

absl::Status TableWriter::Flush() {
  for (size_t begin = 0; begin < pending_.size(); begin += kExportPieceBytes) {
    TJ_RETURN_IF_ERROR(sink_.Write(absl::string_view(pending_).substr(begin, kExportPieceBytes)));
  }
  pending_.clear();
  return absl::OkStatus();
}

}  // namespace tinyjoule
