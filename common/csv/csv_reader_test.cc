// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/csv/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Rows = std::vector<std::vector<std::string>>;

absl::StatusOr<Rows> Read(const std::string& text, const CsvReaderOptions& options = {}) {
  std::istringstream stream(text);
  CsvReader reader(stream, "t.csv", options);
  Rows rows;
  std::vector<absl::string_view> cells;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(cells);
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    rows.emplace_back(cells.begin(), cells.end());
  }
}

// The seven rules of RFC 4180, section 2, with its own examples.
TEST(CsvReaderTest, FollowsRfc4180) {
  const Rows expected = {{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}};
  EXPECT_EQ(*Read("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"), expected);
  EXPECT_EQ(*Read("aaa,bbb,ccc\r\nzzz,yyy,xxx"), expected);
  EXPECT_EQ(*Read("\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx"), expected);
  EXPECT_EQ(*Read("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx"),
            (Rows{{"aaa", "b\r\nbb", "ccc"}, {"zzz", "yyy", "xxx"}}));
  EXPECT_EQ(*Read("\"aaa\",\"b\"\"bb\",\"ccc\""), (Rows{{"aaa", "b\"bb", "ccc"}}));
}

TEST(CsvReaderTest, EmptyCellsBlankLinesAndByteOrderMark) {
  EXPECT_EQ(*Read("\xEF\xBB\xBF"
                  "a,b\n\n1,\n\n,\"\"\n"),
            (Rows{{"a", "b"}, {"1", ""}, {"", ""}}));
  EXPECT_EQ(*Read(""), Rows{});
  EXPECT_EQ(*Read("\n\r\n"), Rows{});
  EXPECT_EQ(*Read("a\r"), (Rows{{"a"}}));
}

TEST(CsvReaderTest, DelimiterAndLatin1) {
  CsvReaderOptions options;
  options.delimiter = ';';
  options.encoding = CsvEncoding::kLatin1;
  EXPECT_EQ(*Read("ESTA\xC7\xC3O;x,y\n", options), (Rows{{"ESTAÇÃO", "x,y"}}));
}

TEST(CsvReaderTest, ErrorsHaveLineAndColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"a,b\n1,2\n3\n", "t.csv:3:1: this row has 1 cells; the first row has 2"},
      {"a,b\n\"x\ny\",2\n\"1\"z,2\n", "t.csv:4:1: text follows the closing quote"},
      {"a,b\né,\"open\n", "t.csv:2:1: the record that begins here leaves a quote open"},
      {"é,5\" tall\"\n", "t.csv:1:3: a quote inside a cell"},
      {"a,\xC7\n", "t.csv:1:3: this is not UTF-8; is the file's encoding latin-1?"},
      {"a,\xED\xA0\x80\n", "t.csv:1:3: this is not UTF-8"},
      {"a,\xC0\x80\n", "t.csv:1:3: this is not UTF-8"}};
  for (const auto& [text, message] : cases) {
    const auto rows = Read(text);
    EXPECT_EQ(rows.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(rows.status().message()), HasSubstr(message));
  }
  EXPECT_THAT(std::string(Read(std::string("a\0b\n", 4)).status().message()),
              HasSubstr("t.csv:1:2: a NUL byte"));
}

TEST(CsvReaderTest, ErrorAtPointsAtTheCell) {
  std::istringstream stream("a,b\n\"x\né\",bad\n");
  CsvReader reader(stream, "t.csv");
  std::vector<absl::string_view> cells;
  ASSERT_TRUE(*reader.Next(cells));
  ASSERT_TRUE(*reader.Next(cells));
  EXPECT_EQ(reader.line(), 2u);
  EXPECT_EQ(reader.ErrorAt(1, "no number").message(), "t.csv:3:4: no number");
}

TEST(CsvReaderTest, RaggedWhenAllowed) {
  CsvReaderOptions options;
  options.allow_ragged = true;
  EXPECT_EQ(*Read("a\nb,c\n", options), (Rows{{"a"}, {"b", "c"}}));
}

TEST(CsvReaderTest, RecordsCrossBlocks) {
  // Longer than a block, with a quoted line break near every border.
  std::string text;
  size_t rows = 0;
  for (; text.size() < 900'000; ++rows) {
    text += std::to_string(rows) + ",\"" + std::string(rows % 97, 'x') + "\"\"\né\"\r\n";
  }
  const auto read = Read(text);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), rows);
  for (size_t i = 0; i < rows; ++i) {
    ASSERT_THAT((*read)[i], ElementsAre(std::to_string(i), std::string(i % 97, 'x') + "\"\né"));
  }
}

TEST(CsvReaderTest, RefusesEndlessRecord) {
  EXPECT_THAT(std::string(Read("\"" + std::string(3'000'000, 'x')).status().message()),
              HasSubstr("a record of more than 1048576 bytes"));
}

TEST(ParseCsvNumberTest, ReadsStationNumbersOnly) {
  EXPECT_EQ(ParseCsvNumber("1.5"), 1.5);
  EXPECT_EQ(ParseCsvNumber(" -9999 "), -9999);
  EXPECT_EQ(ParseCsvNumber("+3e-2"), 0.03);
  EXPECT_EQ(ParseCsvNumber("1,5", ','), 1.5);
  // INMET leaves the zero away.
  EXPECT_EQ(ParseCsvNumber(",4", ','), 0.4);
  for (const char* const text :
       {"", " ", "NA", "nan", "inf", "0x10", "1.5.2", "1,5", "1 2", "++1", "1-", "e5", "--1"}) {
    EXPECT_EQ(ParseCsvNumber(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseCsvNumber("1.5", ','), std::nullopt);
}

TEST(CsvReaderTest, ReadsARealStationTable) {
  const char* const folder = std::getenv("TINYJOULE_TEST_DATA_DIR");
  if (folder == nullptr) GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR is not set";
  std::ifstream stream(std::string(folder) +
                       "/weather_reference_layout/bd_inmet_recife_petrolina.csv");
  if (!stream) GTEST_SKIP() << "no weather_reference_layout in " << folder;
  const auto begin = std::chrono::steady_clock::now();
  CsvReader reader(stream, "bd.csv");
  std::vector<absl::string_view> cells;
  size_t rows = 0;
  double rain = 0;
  while (*reader.Next(cells)) {
    ++rows;
    rain += ParseCsvNumber(cells[6]).value_or(0);
  }
  const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - begin;
  // One header; 26,304 rows of Recife and 8,784 of Petrolina.
  EXPECT_EQ(rows, 1u + 26'304 + 8'784);
  EXPECT_GT(rain, 0);
  RecordProperty("milliseconds", static_cast<int>(ms.count()));
}

}  // namespace
}  // namespace tinyjoule
