// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What qualification measures, and the chips and settings that it refuses.
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/ina219_sensor_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(Ina219SensorTest, QualificationMeasuresTheCycleAndTheBus) {
  chip_.shunt_ns = 4'500'000;
  chip_.cycle_ns = 5'100'000;  // 6 % slow
  Make();
  EXPECT_EQ(sensor_->Describe().cycle_ns(), 4'792'000) << "not known yet";
  ASSERT_TRUE(sensor_->Qualify().ok());
  const v1::SensorDescription description = sensor_->Describe();
  // Both ends are known to a poll of 0.12 ms, over 200 cycles.
  EXPECT_NEAR(static_cast<double>(description.cycle_ns()), 5.1e6, 1300);
  EXPECT_EQ(description.nominal_cycle_ns(), 4'792'000);
  EXPECT_EQ(description.read_time_ns(), 3 * 120'000);
  EXPECT_EQ(chip_.configuration, 0x39DF);
  RawSample sample;
  EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kEnd) << "not started";
}

TEST_F(Ina219SensorTest, ResolutionsAreThoseThatTheBusCanFollow) {
  chip_.cycle_ns = 5'000'000;
  Make();
  EXPECT_EQ(sensor_->Resolutions().size(), 11u);
  ASSERT_TRUE(sensor_->Qualify().ok());
  const std::vector<std::string> words = sensor_->Resolutions();
  EXPECT_EQ(words.front(), "12bit") << "three transfers of 0.12 ms fit into no shorter mode";
  EXPECT_EQ(words.back(), "x128");
  EXPECT_EQ(sensor_->SetResolution("9bit").code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(sensor_->SetResolution("x16").ok());
  const v1::SensorDescription description = sensor_->Describe();
  EXPECT_EQ(description.resolution(), "x16/12bit");
  EXPECT_EQ(description.nominal_cycle_ns(), 9'042'000);
  // This chip is as slow as it was measured to be.
  EXPECT_NEAR(static_cast<double>(description.cycle_ns()), 9.042e6 * 5 / 4.792, 5e3);
  chip_.shunt_ns = 8'900'000;
  chip_.cycle_ns = 9'434'000;
  ASSERT_TRUE(sensor_->Start().ok());
  EXPECT_EQ(chip_.configuration, 0x39E7);
  for (int64_t number = 1; number <= 50; ++number) {
    const RawSample sample = ReadSample();
    ASSERT_EQ(Number(sample), number);
    ASSERT_EQ(sample.flags, 0);
  }
  EXPECT_GE(sensor_->Health().reads, 150u);
}

TEST_F(Ina219SensorTest, NothingAtTheAddressSaysWhereToLook) {
  for (const int error_number : {EREMOTEIO, ENXIO}) {
    chip_.error = error_number;
    EXPECT_THAT(QualifyError(absl::StatusCode::kNotFound),
                AllOf(HasSubstr("0x40 on /dev/i2c-1"), HasSubstr("no chip answers"),
                      HasSubstr("i2cdetect -y 1"), HasSubstr("A0 and A1")));
  }
  chip_.error = ETIMEDOUT;
  EXPECT_THAT(QualifyError(absl::StatusCode::kUnavailable), HasSubstr("pull-ups"));
}

TEST_F(Ina219SensorTest, OneNakAtTheStartIsNoVerdict) {
  chip_.errors = {{0, EREMOTEIO}, {2, EREMOTEIO}, {4, ETIMEDOUT}};
  Make();
  EXPECT_TRUE(sensor_->Qualify().ok()) << sensor_->Qualify();
}

TEST_F(Ina219SensorTest, AnotherChipIsNamed) {
  chip_.reset_word = 0x4127;
  EXPECT_THAT(
      QualifyError(absl::StatusCode::kFailedPrecondition),
      AllOf(HasSubstr("no INA219"), HasSubstr("0x4127 (as an INA226 does)"), HasSubstr("0x399F")));
  chip_.reset_word = 0x0001;
  EXPECT_THAT(QualifyError(absl::StatusCode::kFailedPrecondition), HasSubstr("0x0001, an INA219"));
}

TEST_F(Ina219SensorTest, AConfigurationThatDoesNotStickIsToldInBits) {
  chip_.broken_bits = 0x0040;
  EXPECT_THAT(QualifyError(absl::StatusCode::kUnavailable),
              AllOf(HasSubstr("0x39DF was written"), HasSubstr("0x399F came back")));
}

TEST_F(Ina219SensorTest, AChipThatNeverConvertsIsRefused) {
  chip_.converts = false;
  EXPECT_THAT(QualifyError(absl::StatusCode::kUnavailable), HasSubstr("does not convert"));
}

TEST_F(Ina219SensorTest, ACycleFarFromTheDataSheetIsRefused) {
  chip_.shunt_ns = 532'000;
  chip_.cycle_ns = 5'800'000;
  EXPECT_THAT(QualifyError(absl::StatusCode::kFailedPrecondition),
              AllOf(HasSubstr("every 5.8"), HasSubstr("4.792 ms")));
}

TEST_F(Ina219SensorTest, ABusThatCannotFollowSaysWhatToRaise) {
  chip_.transfer_ns = 595'000;
  chip_.shunt_ns = 532'000;
  chip_.cycle_ns = 1'064'000;
  Ina219Sensor::Options options;
  options.settings.shunt_adc = FindIna219AdcMode("12bit");
  Make(options);
  const absl::Status status = sensor_->Qualify();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("1.78 ms to read"), HasSubstr("every 1.06 ms"),
                    HasSubstr("i2c_arm_baudrate=400000"), HasSubstr("adc=x8")));
}

}  // namespace
}  // namespace tinyjoule
