// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_TABLE_H_
#define SERVER_TRAINER_DATA_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tinyjoule {

// A missing reading is nullopt, never a number.
using Cells = std::vector<std::optional<double>>;

struct Column {
  std::string name;
  Cells cells;
};

// Numeric columns of equal length, in time order once SortByTime ran.
struct Table {
  std::vector<Column> columns;
  // Seconds since 1970-01-01 00:00 of the file's own clock; empty without a time column.
  std::vector<int64_t> time_s;
  size_t row_count = 0;

  const Column* Find(absl::string_view name) const;
};

// Stable. Nothing to do without a time column.
void SortByTime(Table& table);

// Where each row stands on a grid of equal steps: rows i < j are consecutive when their positions
// differ by 1, rows of the same time share one. The step is the most frequent difference; without
// times a row's position is its index.
struct RowGrid {
  std::vector<int64_t> positions;
  // 0 without times.
  int64_t step_s = 0;
  // Rows with the time of the row before: usually several stations in one file.
  size_t duplicate_count = 0;
};
RowGrid GridOf(const Table& table);

// The day's mean of each column, or its sum for the columns in `sum_columns`. A cell is missing
// when less than 75 % of the readings that a day has at the table's usual step are present; a day
// without any row has no row. Needs a time column.
absl::StatusOr<Table> ResampleDaily(const Table& table, absl::Span<const std::string> sum_columns);

struct InterpolationReport {
  size_t filled = 0;
  size_t still_missing = 0;
  // In rows (steps of time), of the gaps filled and of those left.
  size_t longest_filled = 0;
  size_t longest_left = 0;
};

// Fills gaps of at most `limit` steps with a straight line in row order. Gaps at either end are no
// gaps between two readings and stay. limit 0: every gap, and the last reading is held to the end,
// as pandas' interpolate() does.
InterpolationReport Interpolate(Cells& cells, absl::Span<const int64_t> positions, size_t limit);

// The same report of cells that nothing fills.
InterpolationReport CountMissing(const Cells& cells, absl::Span<const int64_t> positions);

// cells[i] = the cell `steps` grid steps before row i; missing where there is no such row.
Cells Lagged(const Cells& cells, absl::Span<const int64_t> positions, size_t steps);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_TABLE_H_
