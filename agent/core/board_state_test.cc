// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/board_state.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

class BoardStateTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, absl::string_view bytes) {
    ASSERT_TRUE(files_.WriteFileAtomically("/root" + path, bytes).ok());
  }
  void PutCore(int cpu, absl::string_view governor, absl::string_view khz) {
    const std::string folder = absl::StrCat("/sys/devices/system/cpu/cpu", cpu, "/cpufreq/");
    Put(folder + "scaling_governor", absl::StrCat(governor, "\n"));
    Put(folder + "scaling_cur_freq", absl::StrCat(khz, "\n"));
    Put(folder + "scaling_min_freq", "600000\n");
    Put(folder + "scaling_max_freq", "1500000\n");
  }
  FaultFileSystem files_;
  BoardReader board_{files_, "/root"};
};

class FakeFirmware final : public Firmware {
 public:
  std::optional<uint32_t> bits;
  std::optional<uint32_t> Throttled() const override { return bits; }
};

constexpr char kThrottled[] = "/sys/devices/platform/soc/soc:firmware/get_throttled";

TEST_F(BoardStateTest, ReadsARaspberryPi) {
  Put("/proc/device-tree/model", absl::string_view("Raspberry Pi 4 Model B Rev 1.5\0", 31));
  Put("/proc/device-tree/compatible",
      absl::string_view("raspberrypi,4-model-b\0brcm,bcm2711\0", 35));
  Put("/etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  Put("/proc/sys/kernel/osrelease", "6.1.21-v8+\n");
  Put("/sys/devices/system/cpu/online", "0-1\n");
  PutCore(0, "performance", "1500000");
  PutCore(1, "performance", "600000");
  Put("/sys/class/thermal/thermal_zone0/temp", "48312\n");
  Put(kThrottled, "50005\n");
  const BoardFacts facts = board_.ReadFacts();
  EXPECT_EQ(facts.board, "Raspberry Pi 4 Model B Rev 1.5");
  EXPECT_EQ(facts.soc, "brcm,bcm2711");
  EXPECT_EQ(facts.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(facts.kernel, "6.1.21-v8+");
  const BoardReading reading = board_.Read();
  EXPECT_EQ(reading.governor, "performance");
  EXPECT_EQ(reading.clock_is_fixed, true);
  EXPECT_FALSE(reading.undervoltage.has_value());
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
  EXPECT_FALSE(reading.clock_is_fixed || reading.undervoltage);
  BoardHistory history;
  history.Add(reading);
  EXPECT_EQ(history.ToProto().ByteSizeLong(), 0u);
}

// As a Raspberry Pi 5, a Raspberry Pi 4 and a PC tell it.
TEST_F(BoardStateTest, KnowsCoresWithHalfArithmetic) {
  const std::string pi5 =
      "processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp "
      "cpuid asimdrdm lrcpc dcpop asimddp\nCPU part\t: 0xd0b\n";
  const std::string pi4 = "processor\t: 1\nFeatures\t: fp asimd evtstrm crc32 cpuid\n";
  EXPECT_FALSE(board_.HasHalfArithmetic());
  Put("/proc/cpuinfo", pi5 + "\n" + pi5);
  EXPECT_TRUE(board_.HasHalfArithmetic());
  Put("/proc/cpuinfo", pi5 + "\n" + pi4);
  EXPECT_FALSE(board_.HasHalfArithmetic()) << "one core has not";
  Put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse2 f16c avx512_fp16\n");
  EXPECT_FALSE(board_.HasHalfArithmetic()) << "XNNPACK only converts there";
}

TEST_F(BoardStateTest, OneCoreThatFollowsTheLoadIsEnough) {
  Put("/sys/devices/system/cpu/online", "0,2\n");
  PutCore(0, "performance", "1500000");
  PutCore(2, "ondemand", "700000");
  EXPECT_EQ(board_.Read().governor, "ondemand,performance");
  EXPECT_EQ(board_.Read().clock_is_fixed, false);
  EXPECT_EQ(board_.Read().freq_min_hz, 700'000'000u);
  Put("/sys/devices/system/cpu/cpu2/cpufreq/scaling_max_freq", "600000\n");
  EXPECT_EQ(board_.Read().clock_is_fixed, true) << "lowest and highest are one";
}

TEST_F(BoardStateTest, AsksTheFirmwareWhereSysfsDoesNotTell) {
  FakeFirmware firmware;
  const BoardReader board(files_, "/root", &firmware);
  EXPECT_FALSE(board.Read().throttled.has_value());
  firmware.bits = 0x50000;
  EXPECT_EQ(board.Read().throttled, 0x50000u);
  Put(kThrottled, "4\n");
  EXPECT_EQ(board.Read().throttled, 4u);
}

TEST_F(BoardStateTest, TheSupplysMonitorTellsUnderVoltage) {
  Put("/sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
  Put("/sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  Put("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
  BoardHistory history;
  history.Add(board_.Read());
  EXPECT_EQ(history.events(), 0u);
  EXPECT_FALSE(history.ToProto().has_throttled()) << "the monitor says nothing of throttling";
  Put("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  history.Add(board_.Read());
  EXPECT_EQ(history.events(), kUndervoltBits);
}

// The kernel's driver clears the bits that it has seen.
TEST_F(BoardStateTest, AnEventThatWasClearedCountsWhenItComesAgain) {
  BoardHistory history;
  BoardReading reading;
  for (const uint32_t bits : {0x10000u, 0u, 0x10000u}) {
    EXPECT_EQ(history.events(), 0u);
    reading.throttled = bits;
    history.Add(reading);
  }
  EXPECT_EQ(history.events(), kUndervoltBits);
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
