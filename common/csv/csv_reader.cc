// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/csv/csv_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/utf8.h"

namespace tinyjoule {
namespace {

constexpr size_t kBlockBytes = 256 * 1024;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

size_t CountLines(absl::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Column, in characters from 1, of a byte in its line.
size_t ColumnOf(absl::string_view record, size_t offset) {
  const size_t line_begin = record.substr(0, offset).rfind('\n');
  const size_t begin = line_begin == absl::string_view::npos ? 0 : line_begin + 1;
  const absl::string_view before = record.substr(begin, offset - begin);
  return 1 + static_cast<size_t>(std::count_if(before.begin(), before.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
         }));
}

}  // namespace

CsvReader::CsvReader(std::istream& stream, absl::string_view name, const CsvReaderOptions& options)
    : stream_(stream), name_(name), options_(options) {}

absl::Status CsvReader::Error(size_t line, size_t column, absl::string_view message) const {
  return absl::InvalidArgumentError(absl::StrCat(name_, ":", line, ":", column, ": ", message));
}

absl::Status CsvReader::ErrorAt(size_t cell, absl::string_view message) const {
  if (cell >= cell_offsets_.size()) return Error(record_line_, 1, message);
  const absl::string_view before(record_begin_, cell_offsets_[cell]);
  return Error(record_line_ + CountLines(before), ColumnOf(before, before.size()), message);
}

bool CsvReader::Fill() {
  if (at_end_) return false;
  buffer_.erase(0, position_);
  position_ = 0;
  const size_t old_size = buffer_.size();
  std::string block(kBlockBytes, '\0');
  stream_.read(block.data(), static_cast<std::streamsize>(block.size()));
  block.resize(static_cast<size_t>(stream_.gcount()));
  at_end_ = !stream_.good();
  buffer_ += options_.encoding == CsvEncoding::kLatin1 ? Latin1ToUtf8(block) : block;
  return buffer_.size() > old_size;
}

absl::StatusOr<bool> CsvReader::FindRecord(size_t& length, size_t& length_with_break) {
  bool quoted = false;
  size_t scanned = 0;
  while (true) {
    for (; position_ + scanned < buffer_.size(); ++scanned) {
      const char c = buffer_[position_ + scanned];
      if (c == '"') quoted = !quoted;
      if (c != '\n' || quoted) continue;
      length_with_break = scanned + 1;
      length = scanned > 0 && buffer_[position_ + scanned - 1] == '\r' ? scanned - 1 : scanned;
      return true;
    }
    if (scanned > options_.max_record_bytes) {
      return Error(next_line_, 1,
                   absl::StrCat("a record of more than ", options_.max_record_bytes,
                                " bytes; is a quote left open?"));
    }
    // Fill moves what is left to the front and keeps its length.
    if (!Fill() && at_end_) break;
  }
  if (stream_.bad()) return absl::DataLossError(absl::StrCat("reading ", name_, " failed"));
  if (quoted) return Error(next_line_, 1, "the record that begins here leaves a quote open");
  length = length_with_break = scanned;
  if (length > 0 && buffer_[position_ + length - 1] == '\r') --length;
  return scanned > 0;
}

absl::Status CsvReader::CheckText(absl::string_view record) const {
  for (size_t i = 0; i < record.size();) {
    if (static_cast<unsigned char>(record[i]) < 0x80) {
      if (record[i] != '\0') {
        ++i;
        continue;
      }
      return Error(next_line_ + CountLines(record.substr(0, i)), ColumnOf(record, i), "a NUL byte");
    }
    const size_t length = Utf8SequenceLength(record.substr(i));
    if (length == 0) {
      return Error(next_line_ + CountLines(record.substr(0, i)), ColumnOf(record, i),
                   "this is not UTF-8; is the file's encoding latin-1?");
    }
    i += length;
  }
  return absl::OkStatus();
}

// Takes a quoted cell at `cursor` (behind its first quote), undoubling quotes in place.
absl::Status CsvReader::SplitQuoted(char*& cursor, char* end,
                                    std::vector<absl::string_view>& cells) {
  char* const begin = cursor;
  char* write = cursor;
  while (cursor < end) {
    if (*cursor != '"') {
      *write++ = *cursor++;
    } else if (cursor + 1 < end && cursor[1] == '"') {
      *write++ = '"';
      cursor += 2;
    } else {
      break;
    }
  }
  ++cursor;
  cells.emplace_back(begin, static_cast<size_t>(write - begin));
  if (cursor < end && *cursor != options_.delimiter) {
    return ErrorAt(cells.size() - 1, "text follows the closing quote of this cell");
  }
  return absl::OkStatus();
}

absl::Status CsvReader::Split(size_t length, std::vector<absl::string_view>& cells) {
  cells.clear();
  cell_offsets_.clear();
  char* cursor = buffer_.data() + position_;
  record_begin_ = cursor;
  char* const end = cursor + length;
  while (true) {
    cell_offsets_.push_back(static_cast<size_t>(cursor - record_begin_));
    if (cursor < end && *cursor == '"') {
      ++cursor;
      TJ_RETURN_IF_ERROR(SplitQuoted(cursor, end, cells));
    } else {
      auto* const found =
          static_cast<char*>(cursor == end ? nullptr
                                           : std::memchr(cursor, options_.delimiter,
                                                         static_cast<size_t>(end - cursor)));
      char* const cell_end = found == nullptr ? end : found;
      cells.emplace_back(cursor, static_cast<size_t>(cell_end - cursor));
      if (cells.back().find('"') != absl::string_view::npos) {
        return ErrorAt(cells.size() - 1, "a quote inside a cell that does not begin with one");
      }
      cursor = cell_end;
    }
    if (cursor >= end) return absl::OkStatus();
    ++cursor;
  }
}

absl::StatusOr<bool> CsvReader::Next(std::vector<absl::string_view>& cells) {
  if (!started_) {
    started_ = true;
    Fill();
    if (absl::string_view(buffer_).substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      position_ = kByteOrderMark.size();
    }
  }
  while (true) {
    size_t length = 0;
    size_t length_with_break = 0;
    TJ_ASSIGN_OR_RETURN(const bool found, FindRecord(length, length_with_break));
    if (!found) return false;
    const absl::string_view record(buffer_.data() + position_, length);
    TJ_RETURN_IF_ERROR(CheckText(record));
    record_line_ = next_line_;
    next_line_ += CountLines(absl::string_view(record.data(), length_with_break));
    if (length == 0) {
      position_ += length_with_break;
      continue;
    }
    TJ_RETURN_IF_ERROR(Split(length, cells));
    position_ += length_with_break;
    break;
  }
  if (column_count_ == 0) column_count_ = cells.size();
  if (!options_.allow_ragged && cells.size() != column_count_) {
    return Error(
        record_line_, 1,
        absl::StrCat("this row has ", cells.size(), " cells; the first row has ", column_count_));
  }
  return true;
}

std::optional<double> ParseCsvNumber(absl::string_view text, char decimal) {
  text = absl::StripAsciiWhitespace(text);
  constexpr size_t kMaxDigits = 64;
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  char digits[kMaxDigits];
  size_t size = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == decimal) {
      digits[size++] = '.';
    } else if (absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-' || c == 'e' ||
               c == 'E' || (c == '+' && i > 0)) {
      digits[size++] = c;
    } else if (c != '+') {
      return std::nullopt;
    }
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits, digits + size, value);
  if (error != std::errc() || end != digits + size) return std::nullopt;
  return value;
}

std::string Latin1ToUtf8(absl::string_view latin1) {
  std::string utf8;
  utf8.reserve(latin1.size() + latin1.size() / 8);
  for (const char c : latin1) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | (byte >> 6));
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

}  // namespace tinyjoule
