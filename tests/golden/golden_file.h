// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_GOLDEN_GOLDEN_FILE_H_
#define TESTS_GOLDEN_GOLDEN_FILE_H_

#include <optional>
#include <string>

namespace tinyjoule {

// A file of the source tree; nothing when it is not there. `path` is relative to the tree.
std::optional<std::string> ReadSourceFile(const std::string& path);
void WriteSourceFile(const std::string& path, const std::string& bytes);

// Compares with tests/golden/data/NAME (or another path of the tree). To take over what the code
// gives now, after looking at the difference:
//   TINYJOULE_UPDATE_GOLDEN=1 build/release/tests/golden_test
void ExpectGolden(const std::string& path, const std::string& bytes);
bool UpdatesGolden();

}  // namespace tinyjoule

#endif  // TESTS_GOLDEN_GOLDEN_FILE_H_
