// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/table.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/csv/csv_reader.h"
#include "gtest/gtest.h"

namespace tinyjoule {

Table ReadTable(const std::string& path) {
  Table table;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "cannot open " << path;
  CsvReader reader(file, path);
  std::vector<absl::string_view> cells;
  for (;;) {
    const absl::StatusOr<bool> more = reader.Next(cells);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return table;
    if (table.columns.empty()) {
      for (const absl::string_view cell : cells) table.columns.emplace_back(cell);
      continue;
    }
    std::map<std::string, std::string>& row = table.rows.emplace_back();
    for (size_t i = 0; i < cells.size(); ++i) row[table.columns[i]] = std::string(cells[i]);
  }
}

double Number(const std::map<std::string, std::string>& row, const std::string& column) {
  const auto cell = row.find(column);
  const std::optional<double> value =
      cell == row.end() ? std::nullopt : ParseCsvNumber(cell->second);
  EXPECT_TRUE(value.has_value()) << column << ": "
                                 << (cell == row.end() ? "no such column" : cell->second);
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

double SpreadOfSteps(const Table& table, const std::string& column) {
  std::vector<double> steps;
  for (size_t k = 1; k < table.rows.size(); ++k) {
    steps.push_back(Number(table.rows[k], column) - Number(table.rows[k - 1], column));
  }
  EXPECT_GE(steps.size(), 100u);
  if (steps.size() < 100) return 0;
  std::sort(steps.begin(), steps.end());
  return steps[steps.size() * 4 / 5] / steps[steps.size() / 5];
}

}  // namespace tinyjoule
