// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/cell_text.h"

#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

// `date -u -d '2020-01-31 13:05' +%s`.
constexpr int64_t kJanuary31At1305 = 1580475900;
constexpr int64_t kJanuary31 = 1580428800;

TEST(CellTextTest, MissingTexts) {
  for (const char* cell : {"", "  ", "NA", "n/a", "NaN", "null", "None", "-"}) {
    EXPECT_TRUE(IsMissingText(cell)) << cell;
  }
  EXPECT_FALSE(IsMissingText("0"));
  EXPECT_FALSE(IsMissingText("Nadir"));
}

TEST(CellTextTest, DatesOfManyHands) {
  for (const char* cell : {"2020-01-31", "2020/01/31", "20200131", "31/01/2020", "31-01-2020",
                           "31.01.2020", "31/1/2020", " 2020-01-31 "}) {
    EXPECT_EQ(ParseTime(cell), kJanuary31) << cell;
  }
  for (const char* cell :
       {"2020-01-31 13:05", "2020-01-31T13:05:00", "2020-01-31T13:05:00.250Z", "31/01/2020 13:05",
        "2020/01/31 1305 UTC", "2020-01-31 13:05 UTC", "2020-01-31T10:05-03:00"}) {
    EXPECT_EQ(ParseTime(cell), kJanuary31At1305) << cell;
  }
  EXPECT_EQ(ParseTime("1969-12-31"), -86400);
  EXPECT_EQ(ParseTime("2020-02-29"), 1582934400);
}

TEST(CellTextTest, WhatIsNoTime) {
  for (const char* cell : {"", "2020", "2021-02-29", "2020-13-01", "32/01/2020", "2020-01-31x",
                           "2020-01-31 25:00", "2020-01-31 12:60", "yesterday", "1/2/20"}) {
    EXPECT_FALSE(ParseTime(cell)) << cell;
  }
}

TEST(CellTextTest, EncodingsAndFoldedNames) {
  EXPECT_TRUE(IsValidUtf8("Estação"));
  EXPECT_FALSE(IsValidUtf8("Esta\xE7\xE3o"));
  EXPECT_FALSE(IsValidUtf8("\xC3"));
  EXPECT_EQ(FoldName(" Precipitação dia "), "PRECIPITACAO DIA");
  EXPECT_EQ(FoldName("m²"), "M?");
}

}  // namespace
}  // namespace tinyjoule
