// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_CELL_TEXT_H_
#define SERVER_TRAINER_DATA_CELL_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// Empty, NA, N/A, NaN, null, None or "-", in any case, with blanks around.
bool IsMissingText(absl::string_view cell);

// A date with an optional time of day, as seconds since 1970-01-01 00:00 of the cell's own clock:
//   2020-01-31, 2020/01/31, 20200131, 31/01/2020, 31-01-2020, 31.01.2020 (day before month),
//   then, behind a blank or a T: 13:05, 13:05:09, 13:05:09.5, 1305, 13; then Z, UTC or +hh:mm.
// An offset is taken away, so that such stamps are UTC. 24:00 is the next day's midnight.
std::optional<int64_t> ParseTime(absl::string_view cell);

bool IsValidUtf8(absl::string_view text);

// For comparing names written by different hands: upper-case ASCII without accents and without
// blanks at the ends; a character that a wrong encoding destroyed is '?'.
std::string FoldName(absl::string_view utf8);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_CELL_TEXT_H_
