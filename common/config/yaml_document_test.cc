// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/yaml_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

std::string Errors(const YamlDocument& document) {
  return FormatDiagnostics(document.diagnostics());
}

TEST(YamlDocumentTest, KeepsThePlaceOfEverything) {
  const YamlDocument document = YamlDocument::Parse("a: 1\nção: {b: [x, 'y z']}\n", "f.yaml");
  EXPECT_EQ(Errors(document), "");
  EXPECT_TRUE(document.complete());
  const YamlNode& root = document.root();
  ASSERT_EQ(root.kind, YamlNode::Kind::kMapping);
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(root.entries[1].key, "ção");
  EXPECT_EQ(root.entries[1].key_mark.line, 2);
  EXPECT_EQ(root.entries[1].key_mark.column, 1);
  const YamlNode* const list = root.Find("ção")->Find("b");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 2u);
  EXPECT_EQ(list->items[1].text, "y z");
  EXPECT_FALSE(list->items[1].plain);
  EXPECT_EQ(list->items[1].mark.line, 2);
  EXPECT_EQ(list->items[1].mark.column, 14);
}

TEST(YamlDocumentTest, EmptyAndCommentOnlyFilesAreNull) {
  for (const char* const yaml : {"", "  \n", "# a comment\n", "---\n", "a:\n"}) {
    const YamlDocument document = YamlDocument::Parse(yaml, "f");
    EXPECT_EQ(Errors(document), "") << yaml;
    EXPECT_TRUE(document.complete()) << yaml;
  }
  EXPECT_EQ(YamlDocument::Parse("# x\n", "f").root().kind, YamlNode::Kind::kNull);
}

TEST(YamlDocumentTest, SyntaxErrorHasLineColumnAndCaret) {
  const YamlDocument document = YamlDocument::Parse("a: 1\nb: [1, 2\nc: 3\n", "f.yaml");
  EXPECT_FALSE(document.complete());
  ASSERT_EQ(document.diagnostics().size(), 1u);
  EXPECT_EQ(Errors(document),
            "f.yaml:3:5: flow sequence without a closing bracket\n  c: 3\n      ^\n");
}

TEST(YamlDocumentTest, TabsAndBrokenQuotesAreErrors) {
  for (const char* const yaml :
       {"a:\n\t- b\n", "a: \"b\n", "a: b: c\n", "{a: 1", "a: &x *x", "%"}) {
    EXPECT_NE(Errors(YamlDocument::Parse(yaml, "f")), "") << yaml;
  }
}

TEST(YamlDocumentTest, DuplicateKeyNamesTheFirst) {
  const YamlDocument document = YamlDocument::Parse("a: 1\nb: 2\na: 3\n", "f.yaml");
  EXPECT_EQ(Errors(document),
            "f.yaml:3:1: key \"a\" stands here a second time; the first is in line 1\n"
            "  a: 3\n"
            "  ^\n");
  EXPECT_EQ(document.root().Find("a")->text, "1");
}

TEST(YamlDocumentTest, AliasesStandForTheirAnchor) {
  const YamlDocument document = YamlDocument::Parse("a: &x [1, 2]\nb: *x\n", "f");
  EXPECT_EQ(Errors(document), "");
  EXPECT_EQ(document.root().Find("b")->items.size(), 2u);
}

TEST(YamlDocumentTest, RefusesAliasBombs) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 12; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    yaml += name + ": &" + name + " [";
    for (int j = 0; j < 10; ++j) yaml += (j == 0 ? "" : ", ") + previous;
    yaml += "]\n";
  }
  const YamlDocument document = YamlDocument::Parse(yaml, "bomb.yaml");
  EXPECT_THAT(Errors(document), HasSubstr("the document is too large"));
}

TEST(YamlDocumentTest, RefusesSelfReference) {
  EXPECT_THAT(Errors(YamlDocument::Parse("a: &a [*a]\n", "f")), HasSubstr("has no anchor"));
}

TEST(YamlDocumentTest, RefusesDepthAndSize) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_THAT(Errors(YamlDocument::Parse(deep, "f")), HasSubstr("nested deeper than 32 levels"));
  // Far beyond what a recursive reader would survive.
  const std::string abyss(500'000, '[');
  EXPECT_NE(Errors(YamlDocument::Parse(abyss, "f")), "");
  EXPECT_THAT(Errors(YamlDocument::Parse(std::string(2'000'000, 'a'), "f")),
              HasSubstr("the limit is 1048576"));
}

// Found by fuzzing: libfyaml does not return from the second one.
TEST(YamlDocumentTest, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(Errors(YamlDocument::Parse("a: 1\nb: caf\xE9\n", "f")),
            "f:2:1: the line is not UTF-8\n");
  EXPECT_EQ(Errors(YamlDocument::Parse("%abc\xC8[\na: 1\n", "f")),
            "f:1:1: the line is not UTF-8\n");
}

TEST(YamlDocumentTest, RefusesSecondDocumentAndNul) {
  EXPECT_THAT(Errors(YamlDocument::Parse("a: 1\n---\nb: 2\n", "f")), HasSubstr("f:2:1"));
  EXPECT_THAT(Errors(YamlDocument::Parse(absl::string_view("a: 1\nb: \0x", 10), "f")),
              HasSubstr("f:2:1: the line has a NUL byte"));
}

}  // namespace
}  // namespace tinyjoule
