// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_COLUMNS_H_
#define SERVER_EXPORT_COLUMNS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/energy/conversion.h"
#include "server/export/cell.h"
#include "server/export/export.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// What a reader needs to know about a column.
struct ColumnInfo {
  std::string name;
  // A type of Frictionless' Table Schema: string | integer | number | boolean | datetime | any.
  std::string type;
  // Empty: none.
  std::string unit;
  std::string meaning;
};

// A column and how a row gives its cell.
template <typename Row>
struct Column {
  ColumnInfo info;
  // The field of the row's message that it shows; empty when it is computed.
  std::string path;
  std::function<Cell(const Row&)> value;
};

struct WindowRow {
  const v1::Run& run;
  const v1::WindowEnergy& window;
};
struct SampleRow {
  absl::string_view run_id;
  bool simulated;
  // False: the sensor tells power alone, and the other cells are empty.
  bool measures_voltage;
  const PowerSample& sample;
};
struct TrialRow {
  const SweepFacts& sweep;
  const v1::TrialSummary& trial;
  // Set for a baseline's row.
  const v1::BaselineQuality* baseline;
};

// The one table of columns: files, datapackage.json and docs/columns.md come from it. The order
// only grows.
const std::vector<Column<v1::Run>>& RunColumns();
const std::vector<Column<v1::Run>>& ReferenceColumns();
const std::vector<Column<WindowRow>>& WindowColumns();
const std::vector<Column<SampleRow>>& SampleColumns();
const std::vector<Column<TrialRow>>& TrialColumns();

// The column of a swept parameter.
ColumnInfo ParameterColumn(const std::string& path);

template <typename Row>
std::vector<ColumnInfo> InfosOf(const std::vector<Column<Row>>& columns) {
  std::vector<ColumnInfo> infos;
  for (const Column<Row>& column : columns) infos.push_back(column.info);
  return infos;
}

template <typename Row>
std::vector<Cell> CellsOf(const std::vector<Column<Row>>& columns, const Row& row) {
  std::vector<Cell> cells;
  cells.reserve(columns.size());
  for (const Column<Row>& column : columns) cells.push_back(column.value(row));
  return cells;
}

inline constexpr int kSchemaVersion = 1;

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_COLUMNS_H_
