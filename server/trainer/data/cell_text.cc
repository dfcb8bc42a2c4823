// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/cell_text.h"

#include <algorithm>
#include <array>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace tinyjoule {
namespace {

constexpr std::array<absl::string_view, 5> kMissingWords = {"na", "n/a", "nan", "null", "none"};
constexpr int64_t kDaySeconds = 86400;

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (H. Hinnant,
// "chrono-compatible low-level date algorithms", days_from_civil).
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

bool IsDate(int64_t year, int64_t month, int64_t day) {
  constexpr std::array<int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int64_t last = kDays[static_cast<size_t>(month - 1)] + (leap && month == 2 ? 1 : 0);
  return day <= last;
}

// Takes digits from the front, at most `most`; nullopt when there is none.
std::optional<int64_t> TakeNumber(absl::string_view& text, size_t most, size_t* digits) {
  int64_t value = 0;
  *digits = 0;
  while (*digits < most && *digits < text.size() && absl::ascii_isdigit(text[*digits])) {
    value = value * 10 + (text[(*digits)++] - '0');
  }
  text.remove_prefix(*digits);
  if (*digits == 0) return std::nullopt;
  return value;
}

bool TakeAnyOf(absl::string_view& text, absl::string_view marks) {
  if (text.empty() || !absl::StrContains(marks, text.front())) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> TakeCompactDate(int64_t yyyymmdd) {
  const int64_t year = yyyymmdd / 10000;
  const int64_t month = yyyymmdd / 100 % 100;
  if (!IsDate(year, month, yyyymmdd % 100)) return std::nullopt;
  return DaysFromCivil(year, month, yyyymmdd % 100);
}

// Days since 1970-01-01.
std::optional<int64_t> TakeDate(absl::string_view& text) {
  size_t first_digits = 0;
  size_t digits = 0;
  const auto first = TakeNumber(text, 8, &first_digits);
  if (!first) return std::nullopt;
  if (first_digits == 8) return TakeCompactDate(*first);
  if (!TakeAnyOf(text, "-/.")) return std::nullopt;
  const auto month = TakeNumber(text, 2, &digits);
  if (!month || !TakeAnyOf(text, "-/.")) return std::nullopt;
  const bool year_first = first_digits == 4;
  const auto last = TakeNumber(text, year_first ? 2 : 4, &digits);
  if (!last || (!year_first && (digits != 4 || first_digits > 2))) return std::nullopt;
  const int64_t year = year_first ? *first : *last;
  const int64_t day = year_first ? *last : *first;
  if (!IsDate(year, *month, day)) return std::nullopt;
  return DaysFromCivil(year, *month, day);
}

// Seconds since midnight: 13, 1305, 130509, 13:05, 13:05:09, 13:05:09.5.
std::optional<int64_t> TakeTimeOfDay(absl::string_view& text) {
  size_t digits = 0;
  const auto first = TakeNumber(text, 6, &digits);
  if (!first || digits % 2 != 0) return std::nullopt;
  int64_t hour = digits == 6 ? *first / 10000 : digits == 4 ? *first / 100 : *first;
  int64_t minute = digits == 6 ? *first / 100 % 100 : digits == 4 ? *first % 100 : 0;
  int64_t second = digits == 6 ? *first % 100 : 0;
  if (digits == 2 && TakeAnyOf(text, ":")) {
    const auto minutes = TakeNumber(text, 2, &digits);
    if (!minutes) return std::nullopt;
    minute = *minutes;
    if (TakeAnyOf(text, ":")) {
      const auto seconds = TakeNumber(text, 2, &digits);
      if (!seconds) return std::nullopt;
      second = *seconds;
      if (TakeAnyOf(text, ".,")) TakeNumber(text, 9, &digits);
    }
  }
  if (hour > 24 || minute > 59 || second > 60) return std::nullopt;
  return hour * 3600 + minute * 60 + second;
}

// Seconds east of UTC; the text must end behind it.
std::optional<int64_t> TakeZone(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || text == "Z" || text == "UTC" || text == "GMT") return 0;
  const int64_t sign = text.front() == '-' ? -1 : 1;
  if (!TakeAnyOf(text, "+-")) return std::nullopt;
  const auto offset_s = TakeTimeOfDay(text);
  if (!offset_s || !text.empty()) return std::nullopt;
  return sign * *offset_s;
}

// The letter below the accent of a character in U+00C0..U+00FF ("?" for what is no letter).
char WithoutAccent(unsigned code) {
  constexpr absl::string_view kLetters = "AAAAAAACEEEEIIIIDNOOOOO?OUUUUY?S";
  if (code >= 0xE0 && code <= 0xFF) code -= 0x20;
  return code >= 0xC0 && code <= 0xDF ? kLetters[code - 0xC0] : '?';
}

// Length of the UTF-8 character that starts with `lead`; 0: none does.
size_t Utf8Length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

}  // namespace

bool IsMissingText(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (cell.empty() || cell == "-") return true;
  return absl::c_any_of(
      kMissingWords, [cell](absl::string_view word) { return absl::EqualsIgnoreCase(cell, word); });
}

std::optional<int64_t> ParseTime(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  const auto days = TakeDate(cell);
  if (!days) return std::nullopt;
  if (cell.empty()) return *days * kDaySeconds;
  if (!TakeAnyOf(cell, " Tt")) return std::nullopt;
  cell = absl::StripLeadingAsciiWhitespace(cell);
  const auto second = TakeTimeOfDay(cell);
  if (!second) return std::nullopt;
  const auto zone_s = TakeZone(cell);
  if (!zone_s) return std::nullopt;
  return *days * kDaySeconds + *second - *zone_s;
}

bool IsValidUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(static_cast<unsigned char>(text[i]));
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

std::string FoldName(absl::string_view utf8) {
  utf8 = absl::StripAsciiWhitespace(utf8);
  std::string folded;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const size_t length = std::max<size_t>(Utf8Length(lead), 1);
    if (lead < 0x80) {
      folded.push_back(absl::ascii_toupper(lead));
    } else if (length == 2 && i + 1 < utf8.size()) {
      const unsigned code =
          ((lead & 0x1Fu) << 6) | (static_cast<unsigned char>(utf8[i + 1]) & 0x3Fu);
      folded.push_back(WithoutAccent(code));
    } else {
      folded.push_back('?');
    }
    i += length;
  }
  return folded;
}

}  // namespace tinyjoule
