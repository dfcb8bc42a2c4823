// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/board_state.h"

#include "gtest/gtest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

class BoardStateTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, absl::string_view bytes) {
    ASSERT_TRUE(files_.WriteFileAtomically("/root" + path, bytes).ok());
  }
  FaultFileSystem files_;
  BoardReader board_{files_, "/root"};
};

constexpr char kThrottled[] = "/sys/devices/platform/soc/soc:firmware/get_throttled";

TEST_F(BoardStateTest, ReadsARaspberryPi) {
  Put("/proc/device-tree/model", absl::string_view("Raspberry Pi 4 Model B Rev 1.5\0", 31));
  Put("/proc/device-tree/compatible",
      absl::string_view("raspberrypi,4-model-b\0brcm,bcm2711\0", 35));
  Put("/etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  Put("/proc/sys/kernel/osrelease", "6.1.21-v8+\n");
  Put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  Put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1500000\n");
  Put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "600000\n");
  Put("/sys/class/thermal/thermal_zone0/temp", "48312\n");
  Put(kThrottled, "50005\n");
  const BoardFacts facts = board_.ReadFacts();
  EXPECT_EQ(facts.board, "Raspberry Pi 4 Model B Rev 1.5");
  EXPECT_EQ(facts.soc, "brcm,bcm2711");
  EXPECT_EQ(facts.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(facts.kernel, "6.1.21-v8+");
  const BoardReading reading = board_.Read();
  EXPECT_EQ(reading.governor, "performance");
  EXPECT_DOUBLE_EQ(*reading.temp_c, 48.312);
  EXPECT_EQ(reading.freq_min_hz, 600'000'000u);
  EXPECT_EQ(reading.freq_max_hz, 1'500'000'000u);
  EXPECT_EQ(reading.throttled, 0x50005u);
}

TEST_F(BoardStateTest, WhatTheBoardDoesNotTellIsAbsent) {
  Put("/proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC\n");
  Put("/sys/class/thermal/thermal_zone0/temp", "hot\n");
  EXPECT_EQ(board_.ReadFacts().board, "");
  EXPECT_EQ(board_.ReadFacts().soc, "AMD EPYC");
  const BoardReading reading = board_.Read();
  EXPECT_FALSE(reading.governor || reading.temp_c || reading.freq_min_hz || reading.throttled);
  BoardHistory history;
  history.Add(reading);
  EXPECT_EQ(history.ToProto().ByteSizeLong(), 0u);
}

TEST_F(BoardStateTest, HistoryKeepsFirstAndExtremeValues) {
  BoardHistory history;
  BoardReading reading;
  for (const double temp_c : {50.0, 61.5, 55.0}) {
    reading.temp_c = temp_c;
    reading.freq_min_hz = static_cast<uint64_t>(temp_c * 10);
    reading.freq_max_hz = static_cast<uint64_t>(temp_c * 20);
    history.Add(reading);
  }
  EXPECT_EQ(history.ToProto().temp_start_c(), 50.0);
  EXPECT_EQ(history.ToProto().temp_max_c(), 61.5);
  EXPECT_EQ(history.ToProto().freq_min_hz(), 500u);
  EXPECT_EQ(history.ToProto().freq_max_hz(), 1230u);
}

TEST_F(BoardStateTest, OnlyEventsOfTheRunCount) {
  BoardHistory before;
  BoardReading reading;
  reading.throttled = 0x50000;  // Under-voltage and throttling, some time since boot.
  before.Add(reading);
  before.Add(reading);
  EXPECT_EQ(before.events(), 0u);
  reading.throttled = 0x70000;  // The frequency was capped between two readings.
  before.Add(reading);
  EXPECT_EQ(before.events(), 0x2u);
  reading.throttled = 0x50004;  // Throttled right now.
  before.Add(reading);
  EXPECT_EQ(before.events(), 0x6u);
  EXPECT_EQ(before.ToProto().throttled(), 0x6u);
}

}  // namespace
}  // namespace tinyjoule
