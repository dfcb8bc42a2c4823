// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_STATION_FILE_H_
#define SERVER_TRAINER_DATA_STATION_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/trainer/data/table.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// A file in memory and the name that messages give it.
struct NamedText {
  std::string name;
  std::string text;
};

struct StationTable {
  Table table;
  // Before `where`, and after it.
  size_t rows_read = 0;
  size_t rows_kept = 0;
};

// Reads the columns named `wanted` (as the caller spells them: those are the names in the table)
// of one or more files with a header line, joined in time order. Only wanted cells are parsed.
// InvalidArgument with file:line:column for what cannot be read.
absl::StatusOr<StationTable> ReadCsvTable(const std::vector<NamedText>& files,
                                          const v1::DatasetSpec& spec,
                                          const std::vector<std::string>& wanted);

// The same for hourly files of the Brazilian weather service INMET: ISO 8859-1 or UTF-8, ';',
// decimal comma, a preamble of `KEY:;value` lines or none, the header of either generation, date
// and hour in two columns, -9999 or empty for missing. A column is named by its full header, or
// by an alias (column_names.h).
absl::StatusOr<StationTable> ReadInmetTable(const std::vector<NamedText>& files,
                                            const v1::DatasetSpec& spec,
                                            const std::vector<std::string>& wanted);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_STATION_FILE_H_
