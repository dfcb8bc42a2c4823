// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/table.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr double kDayCoverage = 0.75;

int64_t DayOf(int64_t time_s) {
  return time_s >= 0 ? time_s / kDaySeconds : (time_s - kDaySeconds + 1) / kDaySeconds;
}

int64_t MostFrequentStep(const std::vector<int64_t>& time_s) {
  std::map<int64_t, size_t> counts;
  for (size_t i = 1; i < time_s.size(); ++i) {
    if (time_s[i] > time_s[i - 1]) ++counts[time_s[i] - time_s[i - 1]];
  }
  const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto most = std::max_element(counts.begin(), counts.end(), by_count);
  return most == counts.end() ? 1 : most->first;
}

// Mean or sum of the present cells of rows [begin, end); nullopt when too few are.
std::optional<double> DayValue(const Cells& cells, size_t begin, size_t end, size_t expected,
                               bool sum) {
  double total = 0;
  size_t count = 0;
  for (size_t i = begin; i < end; ++i) {
    if (!cells[i]) continue;
    total += *cells[i];
    ++count;
  }
  const size_t wanted = std::max(expected, end - begin);
  if (count == 0 || static_cast<double>(count) < kDayCoverage * static_cast<double>(wanted)) {
    return std::nullopt;
  }
  return sum ? total : total / static_cast<double>(count);
}

// Calls visit(previous, next, gap) for every run of missing cells: `previous` and `next` are the
// present cells around it (-1 and size at the ends), `gap` its length in grid steps.
template <typename Visitor>
void ForEachGap(const Cells& cells, absl::Span<const int64_t> positions, Visitor visit) {
  const auto size = static_cast<int64_t>(cells.size());
  int64_t previous = -1;
  for (int64_t next = 0; next <= size; ++next) {
    if (next < size && !cells[static_cast<size_t>(next)]) continue;
    if (next - previous > 1) {
      const int64_t first = positions[static_cast<size_t>(previous + 1)];
      const int64_t last = positions[static_cast<size_t>(next - 1)];
      const int64_t begin = previous < 0 ? first - 1 : positions[static_cast<size_t>(previous)];
      const int64_t end = next == size ? last + 1 : positions[static_cast<size_t>(next)];
      visit(previous, next, static_cast<size_t>(std::max<int64_t>(end - begin - 1, 1)));
    }
    previous = next;
  }
}

void FillLine(Cells& cells, size_t previous, size_t next) {
  const double from = *cells[previous];
  const double rise = *cells[next] - from;
  const auto length = static_cast<double>(next - previous);
  for (size_t i = previous + 1; i < next; ++i) {
    cells[i] = from + rise * static_cast<double>(i - previous) / length;
  }
}

}  // namespace

const Column* Table::Find(absl::string_view name) const {
  const auto found =
      absl::c_find_if(columns, [name](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

void SortByTime(Table& table) {
  if (absl::c_is_sorted(table.time_s)) return;
  std::vector<size_t> order(table.row_count);
  std::iota(order.begin(), order.end(), size_t{0});
  absl::c_stable_sort(order,
                      [&table](size_t a, size_t b) { return table.time_s[a] < table.time_s[b]; });
  const auto reorder = [&order](auto& values) {
    auto sorted = values;
    for (size_t i = 0; i < order.size(); ++i) sorted[i] = values[order[i]];
    values = std::move(sorted);
  };
  reorder(table.time_s);
  for (Column& column : table.columns) reorder(column.cells);
}

RowGrid GridOf(const Table& table) {
  RowGrid grid;
  grid.positions.resize(table.row_count);
  if (table.time_s.empty()) {
    std::iota(grid.positions.begin(), grid.positions.end(), int64_t{0});
    return grid;
  }
  grid.step_s = MostFrequentStep(table.time_s);
  for (size_t i = 1; i < table.row_count; ++i) {
    const int64_t apart_s = table.time_s[i] - table.time_s[i - 1];
    if (apart_s == 0) ++grid.duplicate_count;
    // Rounded, so that months and jittered clocks still count as consecutive.
    const int64_t steps = (apart_s + grid.step_s / 2) / grid.step_s;
    grid.positions[i] = grid.positions[i - 1] + std::max<int64_t>(steps, apart_s > 0 ? 1 : 0);
  }
  return grid;
}

absl::StatusOr<Table> ResampleDaily(const Table& table, absl::Span<const std::string> sum_columns) {
  if (table.time_s.empty()) {
    return absl::InvalidArgumentError("resample: daily needs a time column (csv.time)");
  }
  const auto per_day = static_cast<size_t>(
      std::max<int64_t>(kDaySeconds / std::max<int64_t>(GridOf(table).step_s, 1), 1));
  Table days;
  for (const Column& column : table.columns) days.columns.push_back({column.name, {}});
  for (size_t begin = 0, end = 0; begin < table.row_count; begin = end) {
    const int64_t day = DayOf(table.time_s[begin]);
    while (end < table.row_count && DayOf(table.time_s[end]) == day) ++end;
    days.time_s.push_back(day * kDaySeconds);
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const Column& column = table.columns[c];
      const bool sum = absl::c_linear_search(sum_columns, column.name);
      days.columns[c].cells.push_back(DayValue(column.cells, begin, end, per_day, sum));
    }
  }
  days.row_count = days.time_s.size();
  return days;
}

InterpolationReport Interpolate(Cells& cells, absl::Span<const int64_t> positions, size_t limit) {
  InterpolationReport report;
  const auto size = static_cast<int64_t>(cells.size());
  ForEachGap(cells, positions, [&](int64_t previous, int64_t next, size_t gap) {
    const bool held = limit == 0 && previous >= 0 && next == size;
    const bool between = previous >= 0 && next < size && (limit == 0 || gap <= limit);
    const auto missing = static_cast<size_t>(next - previous - 1);
    if (!held && !between) {
      report.still_missing += missing;
      report.longest_left = std::max(report.longest_left, gap);
      return;
    }
    report.filled += missing;
    report.longest_filled = std::max(report.longest_filled, gap);
    const auto before = static_cast<size_t>(previous);
    if (between) {
      FillLine(cells, before, static_cast<size_t>(next));
    } else {
      std::fill(cells.begin() + previous + 1, cells.end(), cells[before]);
    }
  });
  return report;
}

InterpolationReport CountMissing(const Cells& cells, absl::Span<const int64_t> positions) {
  InterpolationReport report;
  ForEachGap(cells, positions, [&report](int64_t previous, int64_t next, size_t gap) {
    report.still_missing += static_cast<size_t>(next - previous - 1);
    report.longest_left = std::max(report.longest_left, gap);
  });
  return report;
}

Cells Lagged(const Cells& cells, absl::Span<const int64_t> positions, size_t steps) {
  Cells lagged(cells.size());
  for (size_t i = steps; i < cells.size(); ++i) {
    // Equal positions (two rows of one time) make the previous row ambiguous: then it is missing.
    const bool on_grid = positions[i] - positions[i - steps] == static_cast<int64_t>(steps);
    if (on_grid) lagged[i] = cells[i - steps];
  }
  return lagged;
}

}  // namespace tinyjoule
