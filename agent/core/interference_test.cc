// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/interference.h"

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class InterferenceTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, absl::string_view bytes) {
    ASSERT_TRUE(files_.WriteFileAtomically("/root" + path, bytes).ok());
  }
  // As proc(5) has it; a name may hold blanks and brackets.
  static std::string ProcessStat(uint64_t user, uint64_t system) {
    return absl::StrCat("7 (a b) c) R 1 7 7 0 -1 4194560 90 0 0 0 ", user, " ", system,
                        " 5 6 20 0 3 0 100 0\n");
  }
  void PutAll(uint64_t busy, uint64_t runner, uint64_t agent, uint64_t swapped) {
    Put("/proc/stat", absl::StrCat("cpu  ", busy - 3, " 1 2 9999 50 7 8 9 0 0\ncpu0 1 2 3\n"));
    Put("/proc/7/stat", ProcessStat(runner - 1, 1));
    Put("/proc/self/stat", ProcessStat(agent - 2, 2));
    Put("/proc/vmstat", absl::StrCat("nr_free_pages 4\npswpin ", swapped, "\npswpout 10\n"));
  }
  std::optional<UsageReading> Read() { return ReadUsage(files_, "/root", 7); }

  // Windows of 10 s in which so many ticks were used.
  static InterferenceMeter Measure(int windows, uint64_t other, uint64_t swapped = 0) {
    InterferenceMeter meter;
    UsageReading reading;
    reading.swapped_pages = 0;
    for (int i = 0; i < windows; ++i) {
      const int64_t start_ns = i * 20 * kNsPerSecond;
      meter.Begin(reading, start_ns);
      reading.runner_ticks += 1000;
      reading.agent_ticks += 10;
      reading.busy_ticks += 1010 + other;
      *reading.swapped_pages += swapped;
      meter.End(reading, start_ns + 10 * kNsPerSecond);
      // What happens between windows does not count.
      reading.busy_ticks += 5000;
      *reading.swapped_pages += 77;
    }
    return meter;
  }
  FaultFileSystem files_;
};

TEST_F(InterferenceTest, ReadsTheKernelsCounters) {
  PutAll(5000, 700, 30, 4);
  const auto reading = Read();
  ASSERT_TRUE(reading.has_value());
  EXPECT_EQ(reading->busy_ticks, 5000u) << "user, nice and system, not idle nor interrupts";
  EXPECT_EQ(reading->runner_ticks, 700u);
  EXPECT_EQ(reading->agent_ticks, 30u);
  EXPECT_EQ(reading->swapped_pages, 14u);
}

TEST_F(InterferenceTest, WhatTheKernelDoesNotTellIsNoInterference) {
  EXPECT_FALSE(Read().has_value());
  PutAll(5000, 700, 30, 4);
  Put("/proc/7/stat", "gone");
  EXPECT_FALSE(Read().has_value());
  InterferenceMeter meter;
  meter.Begin(std::nullopt, 0);
  meter.End(std::nullopt, kNsPerSecond);
  v1::IsolationReport report;
  meter.Report(&report);
  EXPECT_EQ(report.ByteSizeLong(), 0u);
  EXPECT_EQ(meter.Describe(), "");
}

TEST_F(InterferenceTest, SharesAreOfOneProcessorDuringTheWindows) {
  v1::IsolationReport report;
  Measure(5, 100, 3).Report(&report);
  EXPECT_DOUBLE_EQ(report.other_cpu_share(), 0.1);
  EXPECT_DOUBLE_EQ(report.agent_cpu_share(), 0.01);
  EXPECT_EQ(report.swapped_pages(), 15u);
}

TEST_F(InterferenceTest, TwoPercentAreTheLimitBeyondRounding) {
  EXPECT_EQ(Measure(5, 0).Describe(), "");
  EXPECT_EQ(Measure(5, 23).Describe(), "") << "2.3 % of 10 s, 0.3 % of them rounding";
  EXPECT_THAT(Measure(5, 24).Describe(), HasSubstr("2.4 % of one CPU"));
  EXPECT_THAT(Measure(5, 1000).Describe(), HasSubstr("100.0 % of one CPU"));
}

TEST_F(InterferenceTest, AnySwappingIsNamed) {
  EXPECT_EQ(Measure(2, 0, 1).Describe(), "2 pages were swapped");
}

// The runner's and the agent's own ticks may be counted a tick early.
TEST_F(InterferenceTest, LessThanNothingIsNothing) {
  InterferenceMeter meter;
  meter.Begin(UsageReading{100, 50, 50, std::nullopt}, 0);
  meter.End(UsageReading{199, 140, 61, std::nullopt}, kNsPerSecond);
  v1::IsolationReport report;
  meter.Report(&report);
  EXPECT_EQ(report.other_cpu_share(), 0);
  EXPECT_FALSE(report.has_swapped_pages());
}

}  // namespace
}  // namespace tinyjoule
