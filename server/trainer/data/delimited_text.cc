// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/delimited_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tinyjoule {

DelimitedReader::DelimitedReader(absl::string_view text, char delimiter)
    : text_(text), delimiter_(delimiter) {
  if (absl::StartsWith(text_, "\xEF\xBB\xBF")) text_.remove_prefix(3);
}

bool DelimitedReader::Next(DelimitedRow& row) {
  row.fields.clear();
  row.columns.clear();
  unescaped_.clear();
  if (position_ >= text_.size() || !status_.ok()) return false;
  row.line = line_;
  while (status_.ok()) {
    row.columns.push_back(position_ - line_start_ + 1);
    const bool quoted = position_ < text_.size() && text_[position_] == '"';
    quoted ? ReadQuotedField(row) : ReadPlainField(row);
    if (position_ >= text_.size() || text_[position_] != delimiter_) break;
    ++position_;
  }
  if (position_ < text_.size() && text_[position_] == '\r') ++position_;
  if (position_ < text_.size() && text_[position_] == '\n') ++position_;
  ++line_;
  line_start_ = position_;
  return status_.ok();
}

bool DelimitedReader::EndsField() const {
  if (position_ >= text_.size()) return true;
  const char c = text_[position_];
  if (c == '\r') return position_ + 1 >= text_.size() || text_[position_ + 1] == '\n';
  return c == delimiter_ || c == '\n';
}

void DelimitedReader::ReadPlainField(DelimitedRow& row) {
  const size_t begin = position_;
  while (!EndsField()) ++position_;
  row.fields.push_back(text_.substr(begin, position_ - begin));
}

void DelimitedReader::ReadQuotedField(DelimitedRow& row) {
  const size_t opening_column = position_ - line_start_ + 1;
  const size_t begin = ++position_;
  bool doubled = false;
  for (;; ++position_) {
    if (position_ >= text_.size()) return Fail("a quoted field has no end", opening_column);
    if (text_[position_] == '\n') {
      ++line_;
      line_start_ = position_ + 1;
    }
    if (text_[position_] != '"') continue;
    if (position_ + 1 >= text_.size() || text_[position_ + 1] != '"') break;
    doubled = true;
    ++position_;
  }
  absl::string_view field = text_.substr(begin, position_ - begin);
  ++position_;
  if (!EndsField()) return Fail("text follows a quoted field", position_ - line_start_ + 1);
  if (doubled) {
    field = unescaped_.emplace_back(absl::StrReplaceAll(field, {{"\"\"", "\""}}));
  }
  row.fields.push_back(field);
}

void DelimitedReader::Fail(absl::string_view what, size_t column) {
  status_ = absl::InvalidArgumentError(absl::StrCat(line_, ":", column, ": ", what));
}

}  // namespace tinyjoule
