// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/cell.h"

#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <type_traits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace tinyjoule {
namespace {

constexpr double kSmallestPlain = 1e-5;
constexpr double kLargestPlain = 1e15;

bool LooksLikeFormula(absl::string_view text) {
  if (text.empty()) return false;
  const bool starts_one = absl::string_view("=+-@\t\r\n").find(text.front()) != text.npos;
  double number = 0;
  return starts_one && !absl::SimpleAtod(text, &number);
}

void AppendCsvText(absl::string_view text, std::string& out) {
  const std::string safe = LooksLikeFormula(text) ? absl::StrCat("'", text) : std::string(text);
  if (safe.find_first_of(",\"\r\n") == std::string::npos) {
    out += safe;
    return;
  }
  absl::StrAppend(&out, "\"", absl::StrReplaceAll(safe, {{"\"", "\"\""}}), "\"");
}

// What numbers and truth values look like in CSV and JSON alike.
template <typename Value>
std::string PlainText(Value value) {
  if constexpr (std::is_same_v<Value, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<Value, double>) {
    return NumberText(value);
  } else {
    return absl::StrCat(value);
  }
}

}  // namespace

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

std::string NumberText(double value) {
  const double size = std::abs(value);
  const bool plain = value == 0 || (size >= kSmallestPlain && size < kLargestPlain);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  char text[64];
  const std::to_chars_result end = std::to_chars(text, text + sizeof(text), value, format);
  return std::string(text, end.ptr);
}

void AppendCsv(const Cell& cell, std::string& out) {
  std::visit(
      [&out](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          AppendCsvText(value, out);
        } else if constexpr (!std::is_same_v<Value, std::monostate>) {
          out += PlainText(value);
        }
      },
      cell);
}

void AppendJson(const Cell& cell, std::string& out) {
  std::visit(
      [&out](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          AppendJsonText(value, out);
        } else if constexpr (std::is_same_v<Value, std::monostate>) {
          out += "null";
        } else {
          out += PlainText(value);
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
