// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// All 65,536 words of BUS and SHUNT through the driver, against the data sheet's own description
// (SBOS448G): SHUNT is two's complement at 10 uV; BUS holds 4 mV counts above three bits, of which
// bit 1 says that a conversion is ready and bit 0 that a calculation overflowed.
#include <memory>

#include "agent/power/ina219_sensor.h"
#include "common/energy/conversion.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {
namespace {

// A chip whose registers hold what the test says, and that is ready whenever it is asked.
class WordDevice final : public I2cDevice {
 public:
  explicit WordDevice(FakeClock& clock) : clock_(clock) {}
  int ReadRegister(uint8_t address, uint16_t* word) override {
    clock_.Advance(120 * kNsPerUs);
    *word = address == 1 ? shunt : address == 2 ? bus : 0;
    return 0;
  }
  int WriteRegister(uint8_t, uint16_t) override { return 0; }
  uint16_t shunt = 0;
  uint16_t bus = 2;

 private:
  FakeClock& clock_;
};

class Ina219DriverWordsTest : public ::testing::Test {
 protected:
  Ina219DriverWordsTest() {
    auto device = std::make_unique<WordDevice>(clock_);
    device_ = device.get();
    driver_ = std::make_unique<Ina219Sensor>(Ina219Sensor::Options(), std::move(device), clock_);
    EXPECT_TRUE(driver_->Start().ok());
  }
  PowerSample Read() {
    EXPECT_EQ(driver_->ReadConversion(&raw_), ReadOutcome::kSample);
    return CountConverter(driver_->Describe()).Convert(raw_);
  }

  FakeClock clock_;
  WordDevice* device_ = nullptr;
  std::unique_ptr<Ina219Sensor> driver_;
  RawSample raw_;
};

// "Complement the absolute value's binary number, add 1, and set the sign": undone.
double ShuntVolts(uint32_t word) {
  const bool negative = word >= 0x8000;
  const uint32_t magnitude = negative ? ((word ^ 0xFFFF) + 1) : word;
  return (negative ? -1.0 : 1.0) * magnitude / 100'000;
}

TEST_F(Ina219DriverWordsTest, EveryShuntWord) {
  for (uint32_t word = 0; word <= 0xFFFF; ++word) {
    device_->shunt = static_cast<uint16_t>(word);
    const PowerSample sample = Read();
    ASSERT_NEAR(sample.shunt_voltage_v, ShuntVolts(word), 1e-12) << word;
    const bool at_rail = ShuntVolts(word) >= 0.32 || ShuntVolts(word) <= -0.32;
    ASSERT_EQ((sample.flags & v1::SAMPLE_FLAG_CLIPPED) != 0, at_rail) << word;
  }
}

TEST_F(Ina219DriverWordsTest, EveryBusWord) {
  for (uint32_t word = 0; word <= 0xFFFF; ++word) {
    device_->bus = static_cast<uint16_t>(word);
    const bool ready = word / 2 % 2 == 1;
    if (!ready) {
      // A hundredth of them: each waits for two cycles.
      if (word % 101 == 0) {
        ASSERT_EQ(driver_->ReadConversion(&raw_), ReadOutcome::kFailed) << word;
      }
      continue;
    }
    const PowerSample sample = Read();
    ASSERT_NEAR(sample.bus_voltage_v, (word / 8) * 4 / 1000.0, 1e-12) << word;
    ASSERT_EQ((sample.flags & v1::SAMPLE_FLAG_MATH_OVERFLOW) != 0, word % 2 == 1) << word;
    ASSERT_EQ((sample.flags & v1::SAMPLE_FLAG_CLIPPED) != 0, word / 8 >= 8000) << word;
  }
}

}  // namespace
}  // namespace tinyjoule
