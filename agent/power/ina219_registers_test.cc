// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/ina219_registers.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

Ina219Settings Settings(const char* shunt, const char* bus, uint32_t range_v, uint32_t pga) {
  return {FindIna219AdcMode(shunt), FindIna219AdcMode(bus), range_v, pga};
}

// SBOS448G, table 5: "Conversion Time" of each "Mode/Samples", by its four bits.
TEST(Ina219RegistersTest, ModesAreThoseOfTheDataSheet) {
  const struct {
    const char* name;
    uint16_t bits;
    int64_t us;
  } sheet[] = {{"9bit", 0, 84},    {"10bit", 1, 148},  {"11bit", 2, 276},  {"12bit", 3, 532},
               {"x2", 9, 1060},    {"x4", 10, 2130},   {"x8", 11, 4260},   {"x16", 12, 8510},
               {"x32", 13, 17020}, {"x64", 14, 34050}, {"x128", 15, 68100}};
  for (const auto& row : sheet) {
    const Ina219AdcMode* mode = FindIna219AdcMode(row.name);
    ASSERT_NE(mode, nullptr) << row.name;
    EXPECT_EQ(mode->code, row.bits) << row.name;
    EXPECT_EQ(mode->conversion_ns, row.us * 1000) << row.name;
  }
  EXPECT_EQ(FindIna219AdcMode("x3"), nullptr);
  EXPECT_EQ(FindIna219AdcMode(""), nullptr);
}

TEST(Ina219RegistersTest, ConfigurationWordsAreTheBitsOfTheDataSheet) {
  // BRNG 13, PG 12:11, BADC 10:7, SADC 6:3, MODE 2:0.
  EXPECT_EQ(Ina219ConfigurationWord({}), 0b0'0'1'11'0011'1011'111);
  EXPECT_EQ(Ina219ConfigurationWord(Settings("x128", "9bit", 16, 1)), 0b0'0'0'00'0000'1111'111);
  EXPECT_EQ(Ina219ConfigurationWord(Settings("10bit", "x2", 32, 2)), 0b0'0'1'01'1001'0001'111);
  EXPECT_EQ(Ina219ConfigurationWord(Settings("11bit", "x64", 16, 4)), 0b0'0'0'10'1110'0010'111);
}

TEST(Ina219RegistersTest, NoConfigurationCanPassForAReset) {
  std::set<uint16_t> words;
  for (const Ina219AdcMode& shunt : kIna219AdcModes) {
    for (const Ina219AdcMode& bus : kIna219AdcModes) {
      for (uint32_t range_v : {16, 32}) {
        for (uint32_t pga : {1, 2, 4, 8}) {
          words.insert(Ina219ConfigurationWord({&shunt, &bus, range_v, pga}));
        }
      }
    }
  }
  EXPECT_EQ(words.size(), 11u * 11 * 2 * 4) << "two settings have the same word";
  EXPECT_EQ(words.count(kIna219ResetConfiguration), 0u);
  // 12 bit is 0X11 or 1000.
  EXPECT_EQ(Ina219ConfigurationWord(Settings("12bit", "12bit", 32, 8)), 0b0'0'1'11'0011'1000'111);
}

TEST(Ina219RegistersTest, CyclesAndRails) {
  EXPECT_EQ(Ina219CycleNs({}), 4'792'000);
  EXPECT_EQ(Ina219CycleNs(Settings("12bit", "12bit", 32, 8)), 1'064'000);
  EXPECT_EQ(Ina219CycleNs(Settings("x128", "12bit", 32, 8)), 68'632'000);
  EXPECT_EQ(Ina219ShuntRail(Settings("x8", "12bit", 32, 1)), 4000);
  EXPECT_EQ(Ina219ShuntRail(Settings("x8", "12bit", 32, 2)), 8000);
  EXPECT_EQ(Ina219ShuntRail(Settings("x8", "12bit", 32, 4)), 16000);
  EXPECT_EQ(Ina219ShuntRail(Settings("x8", "12bit", 32, 8)), 32000);
  EXPECT_EQ(Ina219BusRail(Settings("x8", "12bit", 16, 8)), 4000);
  EXPECT_EQ(Ina219BusRail(Settings("x8", "12bit", 32, 8)), 8000);
}

}  // namespace
}  // namespace tinyjoule
