// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/golden_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/paths.h"

namespace tinyjoule {
bool UpdatesGolden() { return std::getenv("TINYJOULE_UPDATE_GOLDEN") != nullptr; }

std::optional<std::string> ReadSourceFile(const std::string& path) {
  std::ifstream in(SourcePath(path), std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

void WriteSourceFile(const std::string& path, const std::string& bytes) {
  std::ofstream out(SourcePath(path), std::ios::binary);
  out << bytes;
  ASSERT_TRUE(out.flush()) << path;
}

void ExpectGolden(const std::string& path, const std::string& bytes) {
  if (UpdatesGolden()) WriteSourceFile(path, bytes);
  const std::optional<std::string> golden = ReadSourceFile(path);
  ASSERT_TRUE(golden.has_value()) << path << " is missing; TINYJOULE_UPDATE_GOLDEN=1 writes it";
  EXPECT_EQ(bytes, *golden) << path << " differs; TINYJOULE_UPDATE_GOLDEN=1 takes the new bytes";
}

}  // namespace tinyjoule
