// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

constexpr std::optional<double> kNone = std::nullopt;
constexpr int64_t kHour = 3600;

std::vector<int64_t> Positions(size_t count) {
  std::vector<int64_t> positions(count);
  std::iota(positions.begin(), positions.end(), int64_t{0});
  return positions;
}

// pandas: Series([nan, 1, nan, 3, nan, nan, 6, nan]).interpolate() = nan 1 2 3 4 5 6 6.
TEST(InterpolateTest, WithoutLimitAsPandas) {
  Cells cells = {kNone, 1, kNone, 3, kNone, kNone, 6, kNone};
  const InterpolationReport report = Interpolate(cells, Positions(8), 0);
  EXPECT_THAT(cells, ElementsAre(kNone, 1, 2, 3, 4, 5, 6, 6));
  EXPECT_EQ(report.filled, 4);
  EXPECT_EQ(report.longest_filled, 2);
  EXPECT_EQ(report.still_missing, 1);
}

TEST(InterpolateTest, LongerGapsStayWhole) {
  Cells cells = {kNone, 1, kNone, 3, kNone, kNone, 6, kNone};
  const InterpolationReport report = Interpolate(cells, Positions(8), 1);
  EXPECT_THAT(cells, ElementsAre(kNone, 1, 2, 3, kNone, kNone, 6, kNone));
  EXPECT_EQ(report.filled, 1);
  EXPECT_EQ(report.still_missing, 4);
  EXPECT_EQ(report.longest_left, 2);
}

TEST(InterpolateTest, RowsThatAreNotThereCountAsGap) {
  Cells cells = {1, kNone, 3};
  Interpolate(cells, {0, 1, 40}, 3);
  EXPECT_THAT(cells, ElementsAre(1, kNone, 3));
}

TEST(GridTest, StepsGapsAndDuplicates) {
  Table table;
  table.time_s = {0, kHour, 2 * kHour, 2 * kHour, 6 * kHour, 7 * kHour};
  table.row_count = 6;
  const RowGrid grid = GridOf(table);
  EXPECT_EQ(grid.step_s, kHour);
  EXPECT_EQ(grid.duplicate_count, 1);
  EXPECT_THAT(grid.positions, ElementsAre(0, 1, 2, 2, 6, 7));
}

TEST(GridTest, MonthsAreConsecutive) {
  Table table;
  constexpr int64_t kDay = 24 * kHour;
  // January to June 2021.
  table.time_s = {0, 31 * kDay, 59 * kDay, 90 * kDay, 120 * kDay, 151 * kDay};
  table.row_count = 6;
  EXPECT_THAT(GridOf(table).positions, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(LagTest, OnlyFromTheStepBefore) {
  const Cells cells = {1, 2, 3, 4};
  EXPECT_THAT(Lagged(cells, {0, 1, 5, 6}, 1), ElementsAre(kNone, 1, kNone, 3));
  EXPECT_THAT(Lagged(cells, {0, 1, 2, 3}, 2), ElementsAre(kNone, kNone, 1, 2));
  EXPECT_THAT(Lagged(cells, {0, 0, 1, 1}, 1), ElementsAre(kNone, kNone, 2, kNone));
}

TEST(ResampleTest, MeansSumsAndDaysWithTooFewReadings) {
  Table table;
  table.columns = {{"temperature", {}}, {"rain", {}}};
  for (int hour = 0; hour < 72; ++hour) {
    table.time_s.push_back(hour * kHour);
    table.columns[0].cells.push_back(hour);
    // 18 of 24 on the second day: just enough. 17 on the third: too few.
    const bool missing = (hour >= 24 && hour < 30) || hour >= 48 + 17;
    table.columns[1].cells.push_back(missing ? kNone : std::optional<double>(0.5));
  }
  table.row_count = 72;
  const auto days = ResampleDaily(table, {"rain"});
  ASSERT_TRUE(days.ok());
  EXPECT_EQ(days->row_count, 3);
  EXPECT_THAT(days->columns[0].cells, ElementsAre(11.5, 35.5, 59.5));
  EXPECT_THAT(days->columns[1].cells, ElementsAre(12, 9, kNone));
}

TEST(ResampleTest, AbsentRowsAreMissingReadings) {
  Table table;
  table.columns = {{"rain", {}}};
  for (int hour = 0; hour < 41; ++hour) {
    table.time_s.push_back(hour * kHour);
    table.columns[0].cells.push_back(1);
  }
  table.row_count = 41;
  const auto days = ResampleDaily(table, {"rain"});
  ASSERT_TRUE(days.ok());
  EXPECT_THAT(days->columns[0].cells, ElementsAre(24, kNone));
}

TEST(SortTest, ByTimeWithEveryColumn) {
  Table table;
  table.columns = {{"a", {3, 1, 2}}};
  table.time_s = {30, 10, 20};
  table.row_count = 3;
  SortByTime(table);
  EXPECT_THAT(table.time_s, ElementsAre(10, 20, 30));
  EXPECT_THAT(table.columns[0].cells, ElementsAre(Optional(1.0), Optional(2.0), Optional(3.0)));
}

}  // namespace
}  // namespace tinyjoule
