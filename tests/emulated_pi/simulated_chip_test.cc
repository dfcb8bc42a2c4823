// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The kernel module that the other tests measure, against TI's data sheet (SBOS448).
#include <errno.h>

#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "tests/emulated_pi/chip_parameters.h"
#include "tests/emulated_pi/raw_i2c.h"

namespace tinyjoule {
namespace {

constexpr uint16_t kChip = 0x40;
constexpr uint16_t kNobody = 0x45;
constexpr uint16_t kConversionReady = 0x0002;
enum Register : uint8_t { kConfig, kShunt, kBus, kPower, kCurrent, kCalibration };

class SimulatedChipTest : public testing::Test {
 protected:
  uint16_t Read(uint8_t chip_register) {
    uint16_t word = 0;
    EXPECT_EQ(bus_.Read(kChip, chip_register, &word), 0);
    return word;
  }
  // POWER, once, as soon as BUS says that a conversion is there.
  uint16_t NextPower() {
    const int64_t deadline_ns = clock_.MonotonicNs() + kNsPerSecond;
    while (!(Read(kBus) & kConversionReady) && clock_.MonotonicNs() < deadline_ns) continue;
    EXPECT_TRUE(Read(kBus) & kConversionReady);
    return Read(kPower);
  }

  SystemClock clock_;
  ChipParameters chip_;
  RawI2c bus_;
};

TEST_F(SimulatedChipTest, ComputesTheExampleOfTheDataSheet) {
  chip_.Set("shunt_uohm", 2000);
  chip_.Set("current_ma", 10000);
  chip_.Set("bus_mv", 11980);
  EXPECT_EQ(Read(kConfig), 0x399f);
  ASSERT_EQ(bus_.Write(kChip, kCalibration, 0x5000), 0);
  ASSERT_EQ(bus_.Write(kChip, kConfig, 0x399f), 0);
  EXPECT_EQ(NextPower(), 0x1766);
  EXPECT_EQ(Read(kShunt), 0x07d0);
  EXPECT_EQ(Read(kBus) >> 3, 0x5d98 >> 3);
  EXPECT_EQ(Read(kCurrent), 0x2710);
}

TEST_F(SimulatedChipTest, IsReadTheSameInEveryWay) {
  uint16_t smbus = 0;
  NextPower();
  ASSERT_EQ(bus_.ReadSmbus(kChip, kShunt, &smbus), 0);
  EXPECT_EQ(smbus, 5000);
  EXPECT_EQ(Read(kShunt), smbus);
}

TEST_F(SimulatedChipTest, TakesOneReadInATransferAsThePiDoes) {
  std::vector<uint16_t> words;
  NextPower();
  EXPECT_EQ(bus_.ReadTwo(kChip, kShunt, kConfig, &words), EOPNOTSUPP);
  chip_.Set("pi_rules", 0);
  ASSERT_EQ(bus_.ReadTwo(kChip, kShunt, kConfig, &words), 0);
  EXPECT_EQ(words, (std::vector<uint16_t>{5000, 0x399f}));
}

TEST_F(SimulatedChipTest, IsReadyOncePerConversionUntilPowerIsRead) {
  // Eight averages of the shunt and one of the bus: 4.26 + 0.532 ms.
  ASSERT_EQ(bus_.Write(kChip, kConfig, 0x39df | 0x8), 0);
  NextPower();
  EXPECT_FALSE(Read(kBus) & kConversionReady);
  const int64_t begin_ns = clock_.MonotonicNs();
  int conversions = 0;
  while (clock_.MonotonicNs() - begin_ns < kNsPerSecond / 2) {
    if (!(Read(kBus) & kConversionReady)) continue;
    EXPECT_TRUE(Read(kBus) & kConversionReady) << "reading BUS does not clear it";
    Read(kPower);
    ++conversions;
  }
  const double seconds = static_cast<double>(clock_.MonotonicNs() - begin_ns) * 1e-9;
  EXPECT_GT(conversions / seconds, 0.5 * 208.6);
  EXPECT_LE(conversions, seconds * 208.7 + 1);
}

TEST_F(SimulatedChipTest, ClipsAtTheRailOfItsAmplifier) {
  chip_.Set("current_ma", 500);
  ASSERT_EQ(bus_.Write(kChip, kConfig, 0x019f | 0x2000), 0);
  NextPower();
  EXPECT_EQ(Read(kShunt), 4000);
  chip_.Set("current_ma", -500);
  NextPower();
  EXPECT_EQ(static_cast<int16_t>(Read(kShunt)), -4000);
}

TEST_F(SimulatedChipTest, ForgetsItsConfigurationInABrownOut) {
  ASSERT_EQ(bus_.Write(kChip, kConfig, 0x19df), 0);
  EXPECT_EQ(Read(kConfig), 0x19df);
  chip_.BrownOut();
  EXPECT_EQ(Read(kConfig), 0x399f);
}

TEST_F(SimulatedChipTest, FailsAsABusFails) {
  uint16_t word = 0;
  EXPECT_EQ(bus_.Read(kNobody, kConfig, &word), EREMOTEIO);
  chip_.Set("fail_next", 2);
  EXPECT_EQ(bus_.Read(kChip, kConfig, &word), EREMOTEIO);
  EXPECT_EQ(bus_.Write(kChip, kConfig, 0x399f), EREMOTEIO);
  EXPECT_EQ(bus_.Read(kChip, kConfig, &word), 0);
  chip_.Set("stuck", 1);
  EXPECT_EQ(bus_.Read(kChip, kConfig, &word), ETIMEDOUT);
  chip_.Set("stuck", 0);
  EXPECT_EQ(bus_.Read(kChip, kConfig, &word), 0);
}

TEST_F(SimulatedChipTest, TakesTheTimeOfItsBus) {
  for (const int clock_khz : {100, 400}) {
    chip_.Set("clock_khz", clock_khz);
    const int64_t begin_ns = clock_.MonotonicNs();
    for (int i = 0; i < 20; ++i) Read(kBus);
    // A register read is 45 bit times and the starts and stops between them.
    EXPECT_GE(clock_.MonotonicNs() - begin_ns, 20 * 45 * kNsPerMs / clock_khz);
  }
}

}  // namespace
}  // namespace tinyjoule
