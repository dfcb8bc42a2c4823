// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_E2E_TABLE_H_
#define TESTS_E2E_TABLE_H_

#include <map>
#include <string>
#include <vector>

namespace tinyjoule {

// A CSV file as a user reads it.
struct Table {
  std::vector<std::string> columns;
  // By column name.
  std::vector<std::map<std::string, std::string>> rows;
};

// An unreadable file fails the test and is empty.
Table ReadTable(const std::string& path);
// NaN, and a failure of the test, when the cell is no number.
double Number(const std::map<std::string, std::string>& row, const std::string& column);
// How far the column steps from row to row: the step that four fifths of the rows keep within, over
// the one that a fifth keeps within. 0, and a failure of the test, for few rows.
double SpreadOfSteps(const Table& table, const std::string& column);

}  // namespace tinyjoule

#endif  // TESTS_E2E_TABLE_H_
