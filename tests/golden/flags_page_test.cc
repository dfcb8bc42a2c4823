// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The table of flags in the documentation is the one of the code.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/energy/flag_catalog.h"
#include "tests/golden/golden_file.h"

namespace tinyjoule {
namespace {

constexpr char kPage[] = "docs/how-we-measure.md";
constexpr char kBegin[] = "<!-- Generated from common/energy/flag_catalog.cc";
constexpr char kEnd[] = "<!-- end of the generated table -->";

TEST(FlagsPage, HoldsTheTableOfTheCatalog) {
  const auto page = ReadSourceFile(kPage);
  ASSERT_TRUE(page.has_value());
  const size_t begin = page->find(kBegin);
  const size_t end = page->find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const size_t table = page->find('\n', begin) + 1;
  ExpectGolden(
      kPage, absl::StrCat(page->substr(0, table), "\n", FlagsMarkdown(), "\n", page->substr(end)));
}

TEST(FlagsPage, EveryFlagIsExplainedOnce) {
  for (const FlagDescription& flag : FlagCatalog()) {
    EXPECT_FALSE(flag.meaning.empty() || flag.advice.empty()) << flag.name;
    EXPECT_EQ(FindFlag(flag.name), &flag) << "twice: " << flag.name;
  }
}

}  // namespace
}  // namespace tinyjoule
