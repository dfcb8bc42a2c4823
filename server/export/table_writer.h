// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_TABLE_WRITER_H_
#define SERVER_EXPORT_TABLE_WRITER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/export/cell.h"
#include "server/export/columns.h"
#include "server/export/export.h"

namespace tinyjoule {

// Writes rows of cells as CSV (RFC 4180: header, CRLF) or as a JSON array with one object a line.
// Holds at most kExportPieceBytes and a row. 1. Construct. 2. WriteRow. 3. Finish. One sequence.
class TableWriter {
 public:
  enum class Syntax { kCsv, kJson };
  // Parameter columns, if any, follow the fixed ones. `sink` is borrowed.
  TableWriter(Syntax syntax, const std::vector<ColumnInfo>& columns, ParameterPaths paths,
              ExportSink& sink);

  // As many cells as fixed columns; `parameters` fills the others, absent ones are missing.
  [[nodiscard]] absl::Status WriteRow(
      absl::Span<const Cell> cells,
      const google::protobuf::Map<std::string, std::string>& parameters);
  [[nodiscard]] absl::Status Finish();

 private:
  void AppendRow(absl::Span<const Cell> cells);
  [[nodiscard]] absl::Status Flush();

  const Syntax syntax_;
  const ParameterPaths paths_;
  std::vector<std::string> names_;
  ExportSink& sink_;
  std::string pending_;
  bool has_rows_ = false;
};

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_TABLE_WRITER_H_
