// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/conversion.h"

#include <gtest/gtest.h>

#include <limits>

namespace tinyjoule {
namespace {

v1::SensorDescription Ina219() {
  v1::SensorDescription sensor;
  sensor.set_kind("ina219");
  sensor.set_shunt_lsb_v(10e-6);
  sensor.set_bus_lsb_v(4e-3);
  sensor.set_shunt_uohm(100'000);
  sensor.set_gain(1);
  sensor.set_shunt_clip_counts(32000);
  return sensor;
}

// TI SBOS448G: table 9 (shunt register: 7D00h = 320 mV, 8300h = -320 mV) and section 8.6.3.2 (bus:
// bits 15..3, LSB 4 mV). The expectation is built from single bits, not with the code's own cast.
TEST(Ina219Words, All65536DecodeAsTheDataSheetSays) {
  for (uint32_t word = 0; word < 65536; ++word) {
    int32_t shunt = (word & 0x8000U) != 0 ? -32768 : 0;
    int32_t bus = 0;
    for (int bit = 0; bit < 15; ++bit) {
      if ((word >> bit & 1U) != 0) shunt += 1 << bit;
    }
    for (int bit = 3; bit < 16; ++bit) {
      if ((word >> bit & 1U) != 0) bus += 1 << (bit - 3);
    }
    const auto raw = static_cast<uint16_t>(word);
    ASSERT_EQ(Ina219ShuntCounts(raw), shunt) << word;
    ASSERT_EQ(Ina219BusCounts(raw), bus) << word;
    ASSERT_EQ(Ina219ConversionReady(raw), word / 2 % 2 == 1) << word;
    ASSERT_EQ(Ina219MathOverflow(raw), word % 2 == 1) << word;
  }
}

TEST(CountConverter, GivesTheDataSheetsVolts) {
  const CountConverter converter(Ina219());
  RawCounts counts;
  counts.shunt = Ina219ShuntCounts(0x7D00);
  counts.bus = Ina219BusCounts(0x1F40 << 3);
  EXPECT_DOUBLE_EQ(converter.Convert(counts).shunt_voltage_v, 0.320);
  EXPECT_DOUBLE_EQ(converter.Convert(counts).bus_voltage_v, 32.0);
  EXPECT_DOUBLE_EQ(converter.Convert(counts).current_a, 3.2);
  EXPECT_DOUBLE_EQ(converter.Convert(counts).power_w, 102.4);
  counts.shunt = Ina219ShuntCounts(0x8300);
  EXPECT_DOUBLE_EQ(converter.Convert(counts).shunt_voltage_v, -0.320);
}

TEST(CountConverter, OffsetGainAndPowerChannelCount) {
  v1::SensorDescription sensor = Ina219();
  sensor.set_shunt_offset_counts(-2.5);
  sensor.set_gain(1.02);
  RawCounts counts{0, 1250, 4997, 250, 0};
  const PowerSample sample = CountConverter(sensor).Convert(counts);
  EXPECT_DOUBLE_EQ(sample.shunt_voltage_v, 0.049995);
  EXPECT_DOUBLE_EQ(sample.current_a, 0.509949);
  EXPECT_DOUBLE_EQ(sample.power_w, 5.0 * 0.509949);
  sensor.set_has_power_channel(true);
  sensor.set_power_lsb_w(0.002);
  EXPECT_DOUBLE_EQ(CountConverter(sensor).Convert(counts).power_w, 0.5);
}

TEST(CountConverter, SeesBothRails) {
  const CountConverter converter(Ina219());
  EXPECT_TRUE(converter.Clipped({0, 0, 32000, 0, 0}));
  EXPECT_TRUE(converter.Clipped({0, 0, -32000, 0, 0}));
  EXPECT_TRUE(converter.Clipped({0, 0, std::numeric_limits<int32_t>::min(), 0, 0}));
  EXPECT_FALSE(converter.Clipped({0, 0, 31999, 0, 0}));
  EXPECT_TRUE(converter.Clipped({0, 0, 1, 0, v1::SAMPLE_FLAG_CLIPPED}));
}

TEST(CheckSensorDescription, NamesTheFieldThatCannotBe) {
  EXPECT_TRUE(CheckSensorDescription(Ina219()).ok());
  v1::SensorDescription sensor = Ina219();
  sensor.set_shunt_uohm(0);
  EXPECT_EQ(CheckSensorDescription(sensor).message(), "sensor.shunt_uohm is 0");
  sensor = Ina219();
  sensor.set_gain(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(CheckSensorDescription(sensor).message(), "sensor.gain is nan");
  sensor = Ina219();
  sensor.set_has_power_channel(true);
  EXPECT_EQ(CheckSensorDescription(sensor).message(), "sensor.power_lsb_w is 0");
}

TEST(CheckSensorDescription, PowerAloneNeedsItsChannel) {
  v1::SensorDescription sensor = Ina219();
  sensor.set_shunt_lsb_v(0);
  sensor.set_bus_lsb_v(0);
  EXPECT_EQ(CheckSensorDescription(sensor).message(), "sensor.shunt_lsb_v is 0");
  sensor.set_has_power_channel(true);
  sensor.set_power_lsb_w(1e-6);
  EXPECT_TRUE(CheckSensorDescription(sensor).ok());
  EXPECT_FALSE(MeasuresVoltage(sensor));
  EXPECT_TRUE(MeasuresVoltage(Ina219()));
  RawCounts counts;
  counts.power = 1'250'000;
  EXPECT_DOUBLE_EQ(CountConverter(sensor).Convert(counts).power_w, 1.25);
  sensor.set_bus_lsb_v(4e-3);
  EXPECT_EQ(CheckSensorDescription(sensor).message(), "sensor.shunt_lsb_v is 0");
}

}  // namespace
}  // namespace tinyjoule
