// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/ina219_sensor.h"

#include <cerrno>
#include <cstdint>

#include "common/energy/conversion.h"
#include "gtest/gtest.h"
#include "tests/support/ina219_sensor_fixture.h"

namespace tinyjoule {
namespace {

TEST_F(Ina219SensorTest, DescribesEverything) {
  Ina219Sensor::Options options;
  options.uri = "i2c:/dev/i2c-1@0x41?pga=2";
  options.settings.pga = 2;
  options.settings.shunt_adc = FindIna219AdcMode("x16");
  options.shunt_uohm = 50'000;
  options.gain = 1.02;
  options.shunt_offset_counts = -3;
  options.idle_min_w = 1.5;
  options.idle_max_w = 4;
  Make(options);
  const v1::SensorDescription description = sensor_->Describe();
  EXPECT_EQ(description.uri(), options.uri);
  EXPECT_EQ(description.kind(), "ina219");
  EXPECT_FALSE(description.simulated());
  EXPECT_EQ(description.shunt_lsb_v(), 10e-6);
  EXPECT_EQ(description.bus_lsb_v(), 4e-3);
  EXPECT_EQ(description.shunt_uohm(), 50'000u);
  EXPECT_EQ(description.gain(), 1.02);
  EXPECT_EQ(description.shunt_offset_counts(), -3);
  EXPECT_FALSE(description.has_power_channel());
  EXPECT_EQ(description.shunt_clip_counts(), 8000u);
  EXPECT_EQ(description.resolution(), "x16/12bit");
  EXPECT_EQ(description.nominal_cycle_ns(), 8'510'000 + 532'000);
  EXPECT_EQ(description.idle_min_w(), 1.5);
  EXPECT_EQ(description.idle_max_w(), 4);
  EXPECT_TRUE(CheckSensorDescription(description).ok());
}

// SBOS448G, 8.6.3.1: 7D00h is 320 mV, 8300h is -320 mV at PGA /8; 8.6.3.2: the bus's count is in
// bits 15 to 3.
TEST_F(Ina219SensorTest, CountsAreTheDataSheets) {
  MakeStarted();
  chip_.shunt = [](int64_t) { return static_cast<int16_t>(0x8300); };
  chip_.bus = [](int64_t) { return 8000; };
  const RawSample sample = ReadSample();
  const PowerSample power = CountConverter(sensor_->Describe()).Convert(sample);
  EXPECT_DOUBLE_EQ(power.shunt_voltage_v, -0.320);
  EXPECT_DOUBLE_EQ(power.bus_voltage_v, 32);
  EXPECT_DOUBLE_EQ(power.current_a, -3.2);
  EXPECT_EQ(sample.flags, v1::SAMPLE_FLAG_CLIPPED);
}

TEST_F(Ina219SensorTest, EveryConversionComesOnceWithItsEnd) {
  for (const int64_t transfer_ns : {120'000, 595'000}) {  // 400 and 100 kHz
    chip_.transfer_ns = transfer_ns;
    MakeStarted();
    for (int64_t number = 1; number <= 2000; ++number) {
      const RawSample sample = ReadSample();
      ASSERT_EQ(Number(sample), number);
      ASSERT_EQ(sample.bus, chip_.bus(number));
      ASSERT_EQ(sample.flags, 0);
      ASSERT_EQ(sample.t_ns % 1000, 0);
      ASSERT_NEAR(static_cast<double>(sample.t_ns - EndOf(number)), 0,
                  static_cast<double>(2 * transfer_ns));
    }
    const SensorHealth health = sensor_->Health();
    EXPECT_NEAR(static_cast<double>(health.read_time_ns), 3.0 * static_cast<double>(transfer_ns),
                0.05 * 3.0 * static_cast<double>(transfer_ns));
    EXPECT_EQ(health.read_time_worst_ns, 3 * transfer_ns);
    EXPECT_LE(health.lateness_p99_ns, 2 * transfer_ns);
    EXPECT_EQ(health.retried_reads, 0u);
  }
}

TEST_F(Ina219SensorTest, EveryModeThatTheBusCanFollowIsReadWhole) {
  chip_.transfer_ns = 120'000;
  for (const Ina219AdcMode& mode : kIna219AdcModes) {
    if (mode.conversion_ns < 532'000) continue;
    Ina219Sensor::Options options;
    options.settings.shunt_adc = &mode;
    chip_.shunt_ns = mode.conversion_ns;
    chip_.cycle_ns = mode.conversion_ns + 532'000;
    Make(options);
    ASSERT_TRUE(sensor_->Qualify().ok()) << mode.name << " " << sensor_->Qualify();
    EXPECT_NEAR(
        static_cast<double>(sensor_->Describe().cycle_ns()) / static_cast<double>(chip_.cycle_ns),
        1, 0.002)
        << mode.name;
    ASSERT_TRUE(sensor_->Start().ok());
    for (int64_t number = 1; number <= 100; ++number) {
      const RawSample sample = ReadSample();
      ASSERT_EQ(Number(sample), number) << mode.name;
      ASSERT_EQ(sample.flags, 0) << mode.name;
    }
  }
}

TEST_F(Ina219SensorTest, TheTransfersOfAConversionAreFew) {
  MakeStarted();
  const int64_t before = chip_.transfers;
  for (int i = 0; i < 100; ++i) ReadSample();
  // The polls in the last tenth of a cycle, and three reads; none between.
  EXPECT_LE(chip_.transfers - before, 100 * 8);
}

TEST_F(Ina219SensorTest, FlagsOfASample) {
  MakeStarted();
  chip_.status_bits = 1;
  EXPECT_EQ(ReadSample().flags, v1::SAMPLE_FLAG_MATH_OVERFLOW);
  chip_.status_bits = 0;
  chip_.shunt = [](int64_t) { return 31'999; };
  EXPECT_EQ(ReadSample().flags, 0);
  chip_.shunt = [](int64_t) { return 32'000; };
  EXPECT_EQ(ReadSample().flags, v1::SAMPLE_FLAG_CLIPPED);
  chip_.shunt = [](int64_t) { return -32'000; };
  EXPECT_EQ(ReadSample().flags, v1::SAMPLE_FLAG_CLIPPED);
}

TEST_F(Ina219SensorTest, AReaderThatWakesLateSaysSo) {
  MakeStarted();
  const RawSample before = ReadSample();
  ASSERT_EQ(Number(before), 1);
  // Noticed 0.6 cycles after the end, when neither word has been overwritten.
  clock_.Advance(EndOf(2) + 6 * chip_.cycle_ns / 10 - clock_.MonotonicNs());
  const RawSample late = ReadSample();
  EXPECT_EQ(Number(late), 2);
  EXPECT_EQ(late.flags, v1::SAMPLE_FLAG_LATE);
  EXPECT_NEAR(static_cast<double>(late.t_ns - EndOf(2)), 0, 250e3) << "the end, not the reading";
  EXPECT_EQ(ReadSample().flags, 0);
}

TEST_F(Ina219SensorTest, WordsOfTwoConversionsAreTorn) {
  MakeStarted();
  ReadSample();
  // The bus is still being converted: its word is of 2, the shunt's of 3.
  clock_.Advance(EndOf(3) - 300'000 - clock_.MonotonicNs());
  const RawSample sample = ReadSample();
  ASSERT_EQ(BusNumber(sample), 2);
  ASSERT_EQ(Number(sample), 3);
  EXPECT_EQ(sample.flags, v1::SAMPLE_FLAG_TORN | v1::SAMPLE_FLAG_LATE);
}

TEST_F(Ina219SensorTest, AnInterruptionBetweenTheReadsIsTorn) {
  MakeStarted();
  ReadSample();
  // Whatever transfer of the next conversion is held up: no torn sample goes unseen.
  int torn = 0;
  for (int64_t k = 0; k < 12; ++k) {
    chip_.delays_ns[chip_.transfers + k] = 5'000'000;
    for (int i = 0; i < 6; ++i) {
      const RawSample sample = ReadSample();
      const bool is_torn = Number(sample) % 100 != BusNumber(sample) % 100;
      if (is_torn) {
        EXPECT_TRUE(sample.flags & v1::SAMPLE_FLAG_TORN) << k << " " << i;
        ++torn;
      }
    }
  }
  EXPECT_GT(torn, 0);
}

TEST_F(Ina219SensorTest, AConversionThatWasMissedIsAGapInTime) {
  MakeStarted();
  const RawSample before = ReadSample();
  clock_.Advance(EndOf(5) + 100'000 - clock_.MonotonicNs());
  const RawSample after = ReadSample();
  EXPECT_EQ(Number(after), 5);
  EXPECT_NEAR(static_cast<double>(after.t_ns - before.t_ns),
              4.0 * static_cast<double>(chip_.cycle_ns), 250e3);
  EXPECT_TRUE(after.flags & v1::SAMPLE_FLAG_LATE);
}

TEST_F(Ina219SensorTest, FailedTransfersAreTriedAgain) {
  for (const int error_number : {EREMOTEIO, ETIMEDOUT, EIO, EAGAIN, ENXIO}) {
    MakeStarted();
    ReadSample();
    // Every transfer of the next conversions fails once.
    for (int64_t k = 0; k < 20; k += 2) chip_.errors[chip_.transfers + k] = error_number;
    for (int64_t number = 2; number <= 6; ++number) {
      EXPECT_EQ(Number(ReadSample()), number) << error_number;
    }
    EXPECT_GE(sensor_->Health().retried_reads, 5u) << error_number;
    chip_.errors.clear();
  }
}

TEST_F(Ina219SensorTest, AnErrorThatCannotPassFailsAtOnce) {
  MakeStarted();
  ReadSample();
  chip_.error = EOPNOTSUPP;
  const int64_t before = chip_.transfers;
  RawSample sample;
  EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kFailed);
  EXPECT_LE(chip_.transfers - before, 2);
}

TEST_F(Ina219SensorTest, ABusThatFailsFailsConversionByConversionAndComesBack) {
  MakeStarted();
  ReadSample();
  chip_.error = EREMOTEIO;
  const int64_t start_ns = clock_.MonotonicNs();
  const int64_t before = chip_.transfers;
  RawSample sample;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kFailed);
  }
  const int64_t cycles = (clock_.MonotonicNs() - start_ns) / chip_.cycle_ns;
  EXPECT_GE(cycles, 9) << "no conversion fails twice";
  EXPECT_LE(cycles, 30) << "a failure is bounded";
  EXPECT_LE(chip_.transfers - before, 40 * cycles) << "no spinning";
  chip_.error = 0;
  // What is read is new, not what the chip kept ready from before.
  int64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const RawSample good = ReadSample();
    EXPECT_EQ(good.flags & v1::SAMPLE_FLAG_TORN, 0);
    EXPECT_NEAR(static_cast<double>(good.t_ns - EndOf(Number(good))), 0, 250e3);
    if (i > 0) {
      EXPECT_EQ(Number(good), last + 1);
    }
    last = Number(good);
  }
  EXPECT_GE(sensor_->Health().configuration_checks, 1u) << "the chip may have been reset";
}

TEST_F(Ina219SensorTest, AFailedClearLosesOneConversionAndMislabelsNone) {
  MakeStarted();
  ReadSample();
  // Every transfer from some point on fails for a while, at every phase of a conversion.
  for (int64_t k = 0; k < 30; ++k) {
    const int64_t first = chip_.transfers + k % 10;
    for (int64_t i = 0; i < 30; ++i) chip_.errors[first + i] = EREMOTEIO;
    int64_t failed = 0;
    for (int i = 0; i < 12; ++i) {
      RawSample sample;
      if (sensor_->ReadConversion(&sample) == ReadOutcome::kFailed) {
        ++failed;
        continue;
      }
      EXPECT_EQ(Number(sample) % 100, BusNumber(sample) % 100) << k;
      EXPECT_NEAR(static_cast<double>(sample.t_ns - EndOf(Number(sample))), 0, 500e3) << k;
    }
    EXPECT_GE(failed, 1) << k;
    chip_.errors.clear();
    ReadSample();
  }
}

TEST_F(Ina219SensorTest, AChipThatNoLongerConvertsDoesNotHoldTheThread) {
  MakeStarted();
  ReadSample();
  chip_.converts = false;
  for (int i = 0; i < 5; ++i) {
    const int64_t start_ns = clock_.MonotonicNs();
    RawSample sample;
    EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kFailed);
    EXPECT_LE(clock_.MonotonicNs() - start_ns, 3 * chip_.cycle_ns + 500'000);
  }
  chip_.converts = true;
  EXPECT_EQ(ReadSample().flags & v1::SAMPLE_FLAG_TORN, 0);
}

TEST_F(Ina219SensorTest, ChecksTheConfigurationOnRequest) {
  MakeStarted();
  ReadSample();
  EXPECT_EQ(sensor_->Health().configuration_checks, 0u);
  sensor_->RequestCheck();
  ReadSample();
  SensorHealth health = sensor_->Health();
  EXPECT_EQ(health.configuration_checks, 1u);
  EXPECT_EQ(health.configuration_written, 0x39DF);
  EXPECT_EQ(health.configuration_found, 0x39DF);
  EXPECT_FALSE(health.reset_seen || health.configuration_changed);

  chip_.configuration = 0x019F;
  sensor_->RequestCheck();
  ReadSample();
  health = sensor_->Health();
  EXPECT_TRUE(health.configuration_changed);
  EXPECT_FALSE(health.reset_seen);
  EXPECT_EQ(health.configuration_found, 0x019F);

  ASSERT_TRUE(sensor_->Start().ok());
  EXPECT_FALSE(sensor_->Health().configuration_changed) << "since Start";
  ReadSample();
  chip_.configuration = 0x399F;
  sensor_->RequestCheck();
  ReadSample();
  EXPECT_TRUE(sensor_->Health().reset_seen);
  EXPECT_FALSE(sensor_->Health().configuration_changed);
}

}  // namespace
}  // namespace tinyjoule
