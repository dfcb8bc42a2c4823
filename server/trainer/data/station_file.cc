// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/station_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/csv/csv_reader.h"
#include "server/trainer/data/cell_text.h"
#include "server/trainer/data/column_names.h"

namespace tinyjoule {
namespace {

constexpr size_t kTextsInMessages = 24;
constexpr double kInmetMissing = -9999;

// The cells of one record.
using Texts = std::vector<absl::string_view>;

// How the files of one dialect are read.
struct Dialect {
  char delimiter = ',';
  char decimal = '.';
  // utf-8 | latin-1 | empty: whichever it is.
  std::string encoding;
  bool inmet = false;
};

absl::StatusOr<char> OneCharacter(const std::string& text, char preset, absl::string_view key) {
  if (text.empty()) return preset;
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1 && text[0] != '"' && text[0] != '\n') return text[0];
  return absl::InvalidArgumentError(
      absl::StrCat("csv.", key, ": \"", text, "\" is not one character"));
}

absl::StatusOr<Dialect> CsvDialect(const v1::CsvSpec& csv) {
  Dialect dialect;
  TJ_ASSIGN_OR_RETURN(dialect.delimiter, OneCharacter(csv.delimiter(), ',', "delimiter"));
  TJ_ASSIGN_OR_RETURN(dialect.decimal, OneCharacter(csv.decimal(), '.', "decimal"));
  dialect.encoding = csv.encoding().empty() ? "utf-8" : csv.encoding();
  if (dialect.decimal != '.' && dialect.decimal != ',') {
    return absl::InvalidArgumentError("csv.decimal: must be \".\" or \",\"");
  }
  if (dialect.delimiter == dialect.decimal) {
    return absl::InvalidArgumentError("csv.delimiter and csv.decimal are the same character");
  }
  return dialect;
}

absl::StatusOr<CsvEncoding> EncodingOf(const NamedText& file, const std::string& encoding) {
  if (encoding == "utf-8") return CsvEncoding::kUtf8;
  if (encoding == "latin-1" || encoding == "iso-8859-1") return CsvEncoding::kLatin1;
  if (encoding.empty()) {
    return IsValidUtf8(file.text) ? CsvEncoding::kUtf8 : CsvEncoding::kLatin1;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("csv.encoding: \"", encoding, "\" is neither utf-8 nor latin-1"));
}

// Reads the files of one data set into one table.
class StationReader {
 public:
  StationReader(const v1::DatasetSpec& spec, Dialect dialect,
                const std::vector<std::string>& wanted)
      : spec_(spec), dialect_(std::move(dialect)), wanted_(wanted) {
    for (const std::string& name : wanted) result_.table.columns.push_back({name, {}});
    missing_.insert(spec.missing().values().begin(), spec.missing().values().end());
    if (dialect_.inmet) missing_.insert(kInmetMissing);
  }

  absl::Status Read(const NamedText& file);
  absl::StatusOr<StationTable> Finish();

 private:
  absl::Status ReadHeader(CsvReader& reader);
  bool IsHeader(const Texts& cells) const;
  absl::StatusOr<size_t> FindColumn(absl::string_view name) const;
  absl::Status FindColumns();
  absl::Status CheckWidth(const CsvReader& reader, const Texts& cells) const;
  bool IsWanted(const Texts& cells);
  absl::Status ReadRow(const CsvReader& reader, const Texts& cells);
  absl::Status ReadTime(const CsvReader& reader, const Texts& cells);
  absl::Status CellError(const CsvReader& reader, absl::string_view text, size_t index,
                         absl::string_view what) const;

  const v1::DatasetSpec& spec_;
  const Dialect dialect_;
  const std::vector<std::string>& wanted_;
  std::set<double> missing_;
  StationTable result_;
  // Texts seen in each `where` column, for the message when nothing matches.
  std::map<std::string, std::set<std::string>> seen_;

  // Of the current file.
  std::string file_name_;
  std::vector<std::string> header_;
  std::vector<size_t> value_index_;
  std::vector<size_t> time_index_;
  std::vector<std::pair<size_t, std::string>> where_index_;
};

absl::Status StationReader::Read(const NamedText& file) {
  TJ_ASSIGN_OR_RETURN(const CsvEncoding encoding, EncodingOf(file, dialect_.encoding));
  file_name_ = file.name;
  std::istringstream stream(file.text);
  CsvReaderOptions options;
  options.delimiter = dialect_.delimiter;
  options.encoding = encoding;
  // A preamble has other widths than the table; CheckWidth looks at the table's own.
  options.allow_ragged = true;
  CsvReader reader(stream, file.name, options);
  TJ_RETURN_IF_ERROR(ReadHeader(reader));
  TJ_RETURN_IF_ERROR(FindColumns());
  Texts cells;
  while (true) {
    TJ_ASSIGN_OR_RETURN(const bool more, reader.Next(cells));
    if (!more) return absl::OkStatus();
    TJ_RETURN_IF_ERROR(ReadRow(reader, cells));
  }
}

bool StationReader::IsHeader(const Texts& cells) const {
  if (!dialect_.inmet) return true;
  // The preamble has `DATA DE FUNDACAO:` lines: the hour beside it makes the header.
  return cells.size() > 2 && BeginsLike(FoldName(cells[0]), "DATA") &&
         BeginsLike(FoldName(cells[1]), "HORA");
}

absl::Status StationReader::ReadHeader(CsvReader& reader) {
  header_.clear();
  Texts cells;
  while (true) {
    TJ_ASSIGN_OR_RETURN(const bool more, reader.Next(cells));
    if (!more) break;
    if (!IsHeader(cells)) continue;
    for (const absl::string_view cell : cells) header_.emplace_back(cell);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      file_name_, dialect_.inmet ? ": not an INMET file: no header line `Data;Hora UTC;...`"
                                 : ": the file is empty"));
}

absl::StatusOr<size_t> StationReader::FindColumn(absl::string_view name) const {
  for (size_t i = 0; i < header_.size(); ++i) {
    if (header_[i] == name) return i;
  }
  // The same name typed without accents, or a header whose case differs from year to year.
  std::vector<size_t> alike;
  for (size_t i = 0; i < header_.size(); ++i) {
    const bool alias = dialect_.inmet && InmetAlias(header_[i]) == name;
    if (alias || FoldName(header_[i]) == FoldName(name)) alike.push_back(i);
  }
  if (alike.size() == 1) return alike.front();
  std::vector<std::string> known;
  for (const std::string& column : header_) {
    const std::string alias = dialect_.inmet ? InmetAlias(column) : "";
    if (!column.empty()) known.push_back(alias.empty() ? column : alias);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(file_name_, ": no column \"", name, "\"", KnownNames(name, known)));
}

absl::Status StationReader::FindColumns() {
  value_index_.clear();
  time_index_.clear();
  where_index_.clear();
  for (const std::string& name : wanted_) {
    TJ_ASSIGN_OR_RETURN(const size_t index, FindColumn(name));
    value_index_.push_back(index);
  }
  if (dialect_.inmet) {
    time_index_ = {0, 1};
  } else if (!spec_.csv().time().empty()) {
    TJ_ASSIGN_OR_RETURN(const size_t index, FindColumn(spec_.csv().time()));
    time_index_.push_back(index);
  }
  for (const auto& [name, text] : spec_.csv().where()) {
    TJ_ASSIGN_OR_RETURN(const size_t index, FindColumn(name));
    where_index_.emplace_back(index, text);
  }
  return absl::OkStatus();
}

bool StationReader::IsWanted(const Texts& cells) {
  bool wanted = true;
  for (const auto& [index, text] : where_index_) {
    if (cells[index] == text) continue;
    wanted = false;
    std::set<std::string>& seen = seen_[header_[index]];
    if (seen.size() < kTextsInMessages) seen.emplace(cells[index]);
  }
  return wanted;
}

absl::Status StationReader::CheckWidth(const CsvReader& reader, const Texts& cells) const {
  // A header that ends in a delimiter names one column more than rows without that delimiter have.
  const bool no_tail = header_.back().empty() && cells.size() + 1 == header_.size();
  if (cells.size() == header_.size() || no_tail) return absl::OkStatus();
  return reader.ErrorAt(0,
                        absl::StrCat(cells.size(), " cells where the header has ", header_.size()));
}

absl::Status StationReader::ReadRow(const CsvReader& reader, const Texts& cells) {
  TJ_RETURN_IF_ERROR(CheckWidth(reader, cells));
  ++result_.rows_read;
  if (!IsWanted(cells)) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(ReadTime(reader, cells));
  for (size_t c = 0; c < value_index_.size(); ++c) {
    const size_t index = value_index_[c];
    std::optional<double> value;
    if (!IsMissingText(cells[index])) {
      value = ParseCsvNumber(cells[index], dialect_.decimal);
      if (!value) {
        return CellError(reader, cells[index], index, "is not a finite number");
      }
      if (missing_.count(*value) > 0) value.reset();
    }
    result_.table.columns[c].cells.push_back(value);
  }
  ++result_.rows_kept;
  return absl::OkStatus();
}

absl::Status StationReader::ReadTime(const CsvReader& reader, const Texts& cells) {
  if (time_index_.empty()) return absl::OkStatus();
  std::string stamp(cells[time_index_[0]]);
  if (time_index_.size() > 1) absl::StrAppend(&stamp, " ", cells[time_index_[1]]);
  const auto time_s = ParseTime(stamp);
  if (!time_s) {
    return CellError(reader, stamp, time_index_[0],
                     "is not a time (YYYY-MM-DD or DD/MM/YYYY, then perhaps HH:MM)");
  }
  result_.table.time_s.push_back(*time_s);
  return absl::OkStatus();
}

absl::Status StationReader::CellError(const CsvReader& reader, absl::string_view text, size_t index,
                                      absl::string_view what) const {
  return reader.ErrorAt(index,
                        absl::StrCat("\"", text, "\" in column \"", header_[index], "\" ", what));
}

absl::StatusOr<StationTable> StationReader::Finish() {
  if (result_.rows_read == 0) {
    return absl::InvalidArgumentError(absl::StrCat(file_name_, ": no row below the header"));
  }
  if (result_.rows_kept == 0) {
    std::string message =
        absl::StrCat(file_name_, ": `where` keeps none of the ", result_.rows_read, " rows");
    for (const auto& [column, texts] : seen_) {
      absl::StrAppend(&message, "; \"", column, "\" holds: ", absl::StrJoin(texts, ", "),
                      texts.size() < kTextsInMessages ? "" : ", ...");
    }
    return absl::InvalidArgumentError(message);
  }
  result_.table.row_count = result_.rows_kept;
  SortByTime(result_.table);
  return std::move(result_);
}

absl::StatusOr<StationTable> ReadAll(StationReader reader, const std::vector<NamedText>& files) {
  for (const NamedText& file : files) TJ_RETURN_IF_ERROR(reader.Read(file));
  return reader.Finish();
}

}  // namespace

absl::StatusOr<StationTable> ReadCsvTable(const std::vector<NamedText>& files,
                                          const v1::DatasetSpec& spec,
                                          const std::vector<std::string>& wanted) {
  TJ_ASSIGN_OR_RETURN(Dialect dialect, CsvDialect(spec.csv()));
  return ReadAll(StationReader(spec, std::move(dialect), wanted), files);
}

absl::StatusOr<StationTable> ReadInmetTable(const std::vector<NamedText>& files,
                                            const v1::DatasetSpec& spec,
                                            const std::vector<std::string>& wanted) {
  return ReadAll(StationReader(spec, {';', ',', "", true}, wanted), files);
}

}  // namespace tinyjoule
