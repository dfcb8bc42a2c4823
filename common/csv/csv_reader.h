// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CSV_CSV_READER_H_
#define COMMON_CSV_CSV_READER_H_

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

enum class CsvEncoding { kUtf8, kLatin1 };

struct CsvReaderOptions {
  char delimiter = ',';
  CsvEncoding encoding = CsvEncoding::kUtf8;
  // Rows may have other numbers of cells than the first one.
  bool allow_ragged = false;
  // Bounds on hostile input.
  size_t max_record_bytes = 1024 * 1024;
};

// RFC 4180 records of a stream, block by block: quoted cells with doubled quotes and line breaks,
// LF or CRLF (or a bare CR inside quotes), a byte order mark before the first cell. Cells come as
// UTF-8. Blank lines between records are skipped. One thread.
//
//   CsvReader reader(stream, "station.csv", {});
//   while (true) {
//     TJ_ASSIGN_OR_RETURN(const bool more, reader.Next(cells));
//     if (!more) break; ...
//   }
class CsvReader {
 public:
  // `name` is for messages; the stream must outlive the reader.
  CsvReader(std::istream& stream, absl::string_view name, const CsvReaderOptions& options = {});

  // The next record, or false at the end. The cells are valid until the next call. InvalidArgument
  // as "name:line:column: ...": ragged row, open quote, text behind a quote, bytes that are not
  // UTF-8, a record over the limit. DataLoss when the stream fails. After an error: no further
  // calls.
  absl::StatusOr<bool> Next(std::vector<absl::string_view>& cells);

  // Line of the last record's first character, from 1.
  size_t line() const { return record_line_; }

  // InvalidArgument "name:line:column: message" for a cell of the last record, from 0.
  absl::Status ErrorAt(size_t cell, absl::string_view message) const;

 private:
  bool Fill();
  // Finds the record at position_; its length without the line break, and with it.
  absl::StatusOr<bool> FindRecord(size_t& length, size_t& length_with_break);
  absl::Status Split(size_t length, std::vector<absl::string_view>& cells);
  absl::Status SplitQuoted(char*& cursor, char* end, std::vector<absl::string_view>& cells);
  absl::Status CheckText(absl::string_view record) const;
  absl::Status Error(size_t line, size_t column, absl::string_view message) const;

  std::istream& stream_;
  const std::string name_;
  const CsvReaderOptions options_;
  std::string buffer_;
  size_t position_ = 0;
  bool at_end_ = false;
  bool started_ = false;
  size_t next_line_ = 1;
  size_t record_line_ = 0;
  size_t column_count_ = 0;
  // Offsets of the cells in the last record, for ErrorAt.
  const char* record_begin_ = nullptr;
  std::vector<size_t> cell_offsets_;
};

// A number as stations write it: blanks around it, `decimal` as the decimal mark. Nothing for
// anything else, also "", "nan", "inf" and hexadecimal digits.
std::optional<double> ParseCsvNumber(absl::string_view text, char decimal = '.');

// ISO 8859-1 to UTF-8.
std::string Latin1ToUtf8(absl::string_view latin1);

}  // namespace tinyjoule

#endif  // COMMON_CSV_CSV_READER_H_
