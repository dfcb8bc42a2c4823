// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/diagnostic.h"

#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

TEST(DiagnosticTest, ShowsPlaceLineAndCaret) {
  Diagnostic diagnostic;
  diagnostic.file = "sweep.yaml";
  diagnostic.line = 3;
  diagnostic.column = 3;
  diagnostic.length = 4;
  diagnostic.message = "unknown key \"trai\"";
  diagnostic.source_line = "  trai: 1";
  EXPECT_EQ(FormatDiagnostics({diagnostic}),
            "sweep.yaml:3:3: unknown key \"trai\"\n"
            "    trai: 1\n"
            "    ^~~~\n");
}

TEST(DiagnosticTest, CountsCharactersNotBytes) {
  Diagnostic diagnostic;
  diagnostic.file = "f";
  diagnostic.line = 1;
  diagnostic.column = 5;
  diagnostic.message = "m";
  diagnostic.source_line = "çãé x";
  EXPECT_EQ(FormatDiagnostics({diagnostic}), "f:1:5: m\n  çãé x\n      ^\n");
}

TEST(DiagnosticTest, OverrideAndFileAsAWholeHaveNoLine) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::kWarning;
  diagnostic.file = "--set a=b";
  diagnostic.message = "m";
  EXPECT_EQ(FormatDiagnostics({diagnostic}), "--set a=b: warning: m\n");
  EXPECT_FALSE(HasErrors({diagnostic}));
}

TEST(DiagnosticTest, CutsLongLinesAroundTheCaret) {
  Diagnostic diagnostic;
  diagnostic.line = 1;
  diagnostic.column = 2000;
  diagnostic.source_line = std::string(1999, 'a') + "X" + std::string(2000, 'b');
  const std::string text = FormatDiagnostics({diagnostic});
  EXPECT_LT(text.size(), 400u);
  const size_t x = text.find('X');
  const size_t caret = text.find('^');
  ASSERT_NE(x, std::string::npos);
  EXPECT_EQ(x - text.rfind('\n', x), caret - text.rfind('\n', caret));
}

TEST(NearestWordTest, FindsSlipsAndNothingElse) {
  const std::vector<std::string> words = {"sparsity", "scope", "criterion"};
  EXPECT_EQ(NearestWord("sparcity", words), "sparsity");
  EXPECT_EQ(NearestWord("scpoe", words), "scope");
  EXPECT_EQ(NearestWord("Criterion", words), "criterion");
  EXPECT_EQ(NearestWord("banana", words), "");
  EXPECT_EQ(NearestWord("", words), "");
  EXPECT_EQ(DidYouMean("scop", words), " (did you mean \"scope\"?)");
}

}  // namespace
}  // namespace tinyjoule
