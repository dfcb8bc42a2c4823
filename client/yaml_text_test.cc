// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/yaml_text.h"

#include <gtest/gtest.h>

#include "common/config/yaml_document.h"

namespace tinyjoule {
namespace {

TEST(JsonToYamlTest, WritesBlocks) {
  EXPECT_EQ(JsonToYaml(R"({"b": {"c": [1, {"e": "x: y", "d": true}, []]}, "a": null, "k-1": {}})"),
            "a: null\n"
            "b:\n"
            "  c:\n"
            "    - 1\n"
            "    - d: true\n"
            "      e: \"x: y\"\n"
            "    - []\n"
            "\"k-1\": {}\n");
  EXPECT_EQ(JsonToYaml("{}"), "{}\n");
}

TEST(JsonToYamlTest, OurReaderTakesItBack) {
  const YamlDocument document =
      YamlDocument::Parse(JsonToYaml(R"({"a": "line\n\"q\" é", "b": [{"c": "- no"}]})"), "f");
  EXPECT_EQ(FormatDiagnostics(document.diagnostics()), "");
  EXPECT_EQ(document.root().Find("a")->text, "line\n\"q\" é");
  EXPECT_EQ(document.root().Find("b")->items[0].Find("c")->text, "- no");
}

}  // namespace
}  // namespace tinyjoule
