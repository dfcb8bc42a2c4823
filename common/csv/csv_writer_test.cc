// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/csv/csv_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include "common/csv/csv_reader.h"

namespace tinyjoule {
namespace {

std::string TextCell(absl::string_view text) {
  std::string out;
  CsvWriter(out).AddText(text);
  return out;
}

TEST(CsvWriterTest, QuotesWhenNeeded) {
  EXPECT_EQ(TextCell("plain"), "plain");
  EXPECT_EQ(TextCell(""), "");
  EXPECT_EQ(TextCell("a,b"), "\"a,b\"");
  EXPECT_EQ(TextCell("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(TextCell("a\nb"), "\"a\nb\"");
  EXPECT_EQ(TextCell(" a"), "\" a\"");
}

// The characters that OWASP names for CSV injection.
TEST(CsvWriterTest, MakesFormulasSafeAndLeavesNumbers) {
  EXPECT_EQ(TextCell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  EXPECT_EQ(TextCell("+1"), "'+1");
  EXPECT_EQ(TextCell("-1"), "'-1");
  EXPECT_EQ(TextCell("@x"), "'@x");
  EXPECT_EQ(TextCell("\tx"), "'\tx");
  EXPECT_EQ(TextCell("\rx"), "\"'\rx\"");
  EXPECT_EQ(TextCell("=\"a\",1"), "\"'=\"\"a\"\",1\"");
  std::string out;
  CsvWriter writer(out);
  writer.AddNumber(-1.5);
  writer.AddInteger(-3);
  EXPECT_EQ(out, "-1.5,-3");
}

TEST(CsvWriterTest, WritesRows) {
  std::string out;
  CsvWriter writer(out);
  writer.AddEmpty();
  writer.AddNumber(std::nullopt);
  writer.AddBool(true);
  writer.AddUnsigned(UINT64_MAX);
  writer.AddNumber(std::numeric_limits<double>::quiet_NaN());
  writer.EndRow();
  writer.AddRow({"a", "b"});
  EXPECT_EQ(out, ",,true,18446744073709551615,\na,b\n");
  std::string file;
  CsvWriter(file, CsvWriter::kCrLf).AddRow({"a", "b"});
  EXPECT_EQ(file, "a,b\r\n");
}

TEST(ShortestNumberTest, ReadsBackExactly) {
  EXPECT_EQ(ShortestNumber(0.1), "0.1");
  EXPECT_EQ(ShortestNumber(1e-7), "1e-07");
  EXPECT_EQ(ShortestNumber(3), "3");
  EXPECT_EQ(ShortestNumber(100000), "100000");
  EXPECT_EQ(ShortestNumber(-2.5e-5), "-0.000025");
  EXPECT_EQ(ShortestNumber(1e22), "1e+22");
  EXPECT_EQ(ShortestNumber(5e-324), "5e-324");
  std::mt19937_64 engine(17);
  for (int i = 0; i < 10'000; ++i) {
    const double value = std::ldexp(std::uniform_real_distribution<double>(-1, 1)(engine),
                                    static_cast<int>(engine() % 600) - 300);
    EXPECT_EQ(std::stod(ShortestNumber(value)), value) << "seed 17, draw " << i;
  }
}

TEST(CsvWriterTest, ReaderGivesTheTextsBack) {
  const std::vector<std::string> texts = {
      "\xEF\xBB\xBF"
      "a",
      "b,c",
      "d\"e",
      "f\r\ng",
      " h ",
      "é"};
  std::string out;
  CsvWriter(out).AddRow(texts);
  std::istringstream stream(out);
  CsvReader reader(stream, "t");
  std::vector<absl::string_view> cells;
  ASSERT_TRUE(*reader.Next(cells));
  EXPECT_EQ(std::vector<std::string>(cells.begin(), cells.end()), texts);
}

}  // namespace
}  // namespace tinyjoule
