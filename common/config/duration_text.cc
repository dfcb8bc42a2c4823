// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/duration_text.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr double kMaxNs = 365.0 * 86400 * 1e9;

struct Unit {
  absl::string_view name;
  int64_t ns;
};
// Longer names first: "ms" is not "m" and then "s".
constexpr Unit kUnits[] = {
    {"ms", 1'000'000},        {"us", 1'000},      {"ns", 1}, {"h", 3600 * kNsPerSecond},
    {"m", 60 * kNsPerSecond}, {"s", kNsPerSecond}};

absl::Status NotADuration(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a duration such as 10s, 500ms, 5m or 1h30m"));
}

// Takes the unit from the front of `text`; 0 when there is none.
int64_t ConsumeUnit(absl::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (text.substr(0, unit.name.size()) == unit.name) {
      text.remove_prefix(unit.name.size());
      return unit.ns;
    }
  }
  return 0;
}

}  // namespace

absl::StatusOr<google::protobuf::Duration> ParseDurationText(absl::string_view text) {
  absl::string_view rest = text;
  double total_ns = 0;
  if (rest.empty()) return NotADuration(text);
  while (!rest.empty()) {
    size_t digits = 0;
    while (digits < rest.size() && (absl::ascii_isdigit(rest[digits]) || rest[digits] == '.')) {
      ++digits;
    }
    double number = 0;
    if (digits == 0 || !absl::SimpleAtod(rest.substr(0, digits), &number)) {
      return NotADuration(text);
    }
    rest.remove_prefix(digits);
    const int64_t unit_ns = ConsumeUnit(rest);
    if (unit_ns == 0) return NotADuration(text);
    total_ns += number * static_cast<double>(unit_ns);
  }
  if (total_ns > kMaxNs) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is longer than 365 days"));
  }
  const auto ns = static_cast<int64_t>(std::llround(total_ns));
  google::protobuf::Duration duration;
  duration.set_seconds(ns / kNsPerSecond);
  duration.set_nanos(static_cast<int32_t>(ns % kNsPerSecond));
  return duration;
}

std::string FormatDurationText(const google::protobuf::Duration& duration) {
  int64_t ns = DurationToNs(duration);
  if (ns < 0) return absl::StrCat("-", absl::StrCat(-ns, "ns"));
  if (ns != 0 && ns < kNsPerSecond && ns % 1'000'000 == 0)
    return absl::StrCat(ns / 1'000'000, "ms");
  std::string text;
  for (const Unit& unit : {kUnits[3], kUnits[4]}) {
    if (ns >= unit.ns) absl::StrAppend(&text, ns / unit.ns, unit.name);
    ns %= unit.ns;
  }
  if (ns % kNsPerSecond != 0) {
    std::string fraction = absl::StrCat(kNsPerSecond + ns % kNsPerSecond).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return absl::StrCat(text, ns / kNsPerSecond, ".", fraction, "s");
  }
  if (ns > 0 || text.empty()) absl::StrAppend(&text, ns / kNsPerSecond, "s");
  return text;
}

int64_t DurationToNs(const google::protobuf::Duration& duration) {
  return duration.seconds() * kNsPerSecond + duration.nanos();
}

}  // namespace tinyjoule
