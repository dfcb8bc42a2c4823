// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_COLUMN_NAMES_H_
#define SERVER_TRAINER_DATA_COLUMN_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// "temperature" for "TEMPERATURA DO AR - BULBO SECO, HORARIA (°C)", whatever its accents and case;
// empty for a header without an alias.
std::string InmetAlias(absl::string_view header);

// Whether a folded name (FoldName) begins with `prefix`. A damaged character ('?') in the name
// stands for any one character.
bool BeginsLike(absl::string_view folded, absl::string_view prefix);

// "; did you mean "X"? The columns are: X, Y", for messages. No suggestion when none is near.
std::string KnownNames(absl::string_view unknown, const std::vector<std::string>& known);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_COLUMN_NAMES_H_
