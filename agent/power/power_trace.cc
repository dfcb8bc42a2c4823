// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/power_trace.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr absl::string_view kColumns[] = {"TimeStamp", "Voltage (V)", "Current (mA)", "Power (mW)"};
constexpr double kMaxCounts = std::numeric_limits<int32_t>::max();

std::vector<absl::string_view> SplitCells(absl::string_view line) {
  std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  for (absl::string_view& cell : cells) cell = absl::StripAsciiWhitespace(cell);
  return cells;
}

absl::Status CheckHeader(absl::string_view line) {
  const std::vector<absl::string_view> cells = SplitCells(line);
  if (std::equal(cells.begin(), cells.end(), std::begin(kColumns), std::end(kColumns))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "the header is not \"TimeStamp, Voltage (V), Current (mA), Power (mW)\"");
}

// "h:mm:ss.ffffff" in nanoseconds.
absl::StatusOr<int64_t> ParseTime(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  int64_t hours = 0;
  int64_t minutes = 0;
  double seconds = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &hours) ||
      !absl::SimpleAtoi(parts[1], &minutes) || !absl::SimpleAtod(parts[2], &seconds) || hours < 0 ||
      hours > 10'000 || minutes < 0 || minutes > 59 || !(seconds >= 0 && seconds < 60)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not h:mm:ss.ffffff"));
  }
  return (hours * 3600 + minutes * 60) * int64_t{1'000'000'000} +
         std::llround(seconds * 1e6) * 1000;
}

// The cell times `counts_per_unit`, rounded.
absl::StatusOr<int32_t> ParseCounts(absl::string_view text, double counts_per_unit) {
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !(std::abs(value * counts_per_unit) < kMaxCounts)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a number in range"));
  }
  return static_cast<int32_t>(std::lround(value * counts_per_unit));
}

absl::StatusOr<RawSample> ParseRow(absl::string_view line) {
  const std::vector<absl::string_view> cells = SplitCells(line);
  if (cells.size() != 4) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", cells.size(), " cells, not 4"));
  }
  RawSample sample;
  TJ_ASSIGN_OR_RETURN(sample.t_ns, ParseTime(cells[0]));
  TJ_ASSIGN_OR_RETURN(sample.bus, ParseCounts(cells[1], 1e3));
  TJ_ASSIGN_OR_RETURN(sample.shunt, ParseCounts(cells[2], 1e3));
  TJ_ASSIGN_OR_RETURN(sample.power, ParseCounts(cells[3], 1e3));
  return sample;
}

int64_t MedianInterval(const std::vector<RawSample>& samples) {
  std::vector<int64_t> intervals;
  for (size_t i = 1; i < samples.size(); ++i) {
    intervals.push_back(samples[i].t_ns - samples[i - 1].t_ns);
  }
  const auto middle = intervals.begin() + static_cast<ptrdiff_t>(intervals.size() / 2);
  std::nth_element(intervals.begin(), middle, intervals.end());
  return *middle;
}

}  // namespace

absl::StatusOr<PowerTrace> ParsePowerTrace(absl::string_view text, const std::string& file_name) {
  PowerTrace trace;
  int line_number = 0;
  const auto at_line = [&](const absl::Status& status) {
    return Annotate(status, absl::StrCat(file_name, ":", line_number));
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    if (line_number == 1) {
      if (absl::Status status = CheckHeader(line); !status.ok()) return at_line(status);
      continue;
    }
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    absl::StatusOr<RawSample> sample = ParseRow(line);
    if (!sample.ok()) return at_line(sample.status());
    if (!trace.samples.empty() && sample->t_ns <= trace.samples.back().t_ns) {
      return at_line(absl::InvalidArgumentError("the time does not grow"));
    }
    trace.samples.push_back(*sample);
  }
  if (trace.samples.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(file_name, ": fewer than two samples"));
  }
  trace.cycle_ns = MedianInterval(trace.samples);
  return trace;
}

v1::SensorDescription DescribeTrace(const PowerTrace& trace) {
  v1::SensorDescription description;
  description.set_kind("replay");
  description.set_simulated(true);
  description.set_shunt_lsb_v(1e-7);
  description.set_bus_lsb_v(1e-3);
  description.set_shunt_uohm(100'000);
  description.set_gain(1);
  description.set_has_power_channel(true);
  description.set_power_lsb_w(1e-6);
  description.set_cycle_ns(trace.cycle_ns);
  description.set_resolution("trace");
  return description;
}

}  // namespace tinyjoule
