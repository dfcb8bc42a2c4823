// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/cell.h"

#include <google/protobuf/util/time_util.h>

#include <cmath>
#include <type_traits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tinyjoule {
Cell TextCell(absl::string_view text) {
  if (text.empty()) return {};
  return std::string(text);
}

Cell NumberCell(double value) {
  if (!std::isfinite(value)) return {};
  return value;
}

Cell TimeCell(const google::protobuf::Timestamp& time) {
  using google::protobuf::util::TimeUtil;
  const bool in_range = time.seconds() >= TimeUtil::kTimestampMinSeconds &&
                        time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
                        time.nanos() < 1'000'000'000;
  if (!in_range) return {};
  return TimeUtil::ToString(time);
}

Cell ParameterCell(absl::string_view text) {
  double number = 0;
  const bool is_number =
      absl::SimpleAtod(text, &number) && std::isfinite(number) && ShortestNumber(number) == text;
  return is_number ? NumberCell(number) : TextCell(text);
}

void AddCsv(const Cell& cell, CsvWriter& row) {
  std::visit(
      [&row](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) row.AddEmpty();
        if constexpr (std::is_same_v<Value, bool>) row.AddBool(value);
        if constexpr (std::is_same_v<Value, int64_t>) row.AddInteger(value);
        if constexpr (std::is_same_v<Value, uint64_t>) row.AddUnsigned(value);
        if constexpr (std::is_same_v<Value, double>) row.AddNumber(value);
        if constexpr (std::is_same_v<Value, std::string>) row.AddText(value);
      },
      cell);
}

void AppendJson(const Cell& cell, std::string& out) {
  std::visit(
      [&out](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) {
          out += "null";
        } else if constexpr (std::is_same_v<Value, std::string>) {
          AppendJsonText(value, out);
        } else if constexpr (std::is_same_v<Value, bool>) {
          out += value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, double>) {
          out += ShortestNumber(value);
        } else {
          absl::StrAppend(&out, value);
        }
      },
      cell);
}

void AppendJsonText(absl::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace tinyjoule
