// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/sampler_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SamplerFlagsTest : public ::testing::Test {
 protected:
  // A clean run of a sensor with a cycle of 4 ms that took 400 us to read.
  SamplerFlagsTest() {
    sensor_.set_cycle_ns(4'000'000);
    sensor_.set_read_time_ns(400'000);
    report_.set_retried_reads(2);
    report_.set_configuration_checks(14);
    report_.set_configuration_written(0x3DDF);
    report_.set_configuration_found(0x3DDF);
    report_.set_read_time_us(401);
    report_.set_read_time_worst_us(440);
    report_.set_lateness_p99_us(90);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const v1::Flag& flag : SamplerFlags(sensor_, report_)) names.push_back(flag.name());
    return names;
  }

  v1::SensorDescription sensor_;
  v1::SamplerReport report_;
};

TEST_F(SamplerFlagsTest, ACleanReportRaisesNothing) {
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(SamplerFlags({}, {}), IsEmpty());
}

TEST_F(SamplerFlagsTest, AConfigurationThatMovedIsFatalAndShown) {
  report_.set_reset_seen(true);
  report_.set_configuration_found(0x399F);
  const auto flags = SamplerFlags(sensor_, report_);
  ASSERT_THAT(Names(), ElementsAre("SENSOR_RESET"));
  EXPECT_TRUE(flags[0].fatal());
  EXPECT_EQ(flags[0].detail(), "wrote 0x3DDF, found 0x399F");
  report_.set_reset_seen(false);
  report_.set_configuration_changed(true);
  ASSERT_THAT(Names(), ElementsAre("CONFIG_CHANGED"));
  EXPECT_TRUE(SamplerFlags(sensor_, report_)[0].fatal());
}

TEST_F(SamplerFlagsTest, LostConversionsAreFatalAboveThreeInARow) {
  report_.set_failed_reads(7);
  report_.set_failed_in_a_row_max(3);
  ASSERT_THAT(Names(), ElementsAre("I2C_ERROR"));
  EXPECT_FALSE(SamplerFlags(sensor_, report_)[0].fatal());
  report_.set_failed_in_a_row_max(4);
  EXPECT_TRUE(SamplerFlags(sensor_, report_)[0].fatal());
  EXPECT_THAT(SamplerFlags(sensor_, report_)[0].detail(),
              HasSubstr("7 conversions lost, up to 4 in a row"));
}

TEST_F(SamplerFlagsTest, AReadTimeThatMovedEitherWayIsSeen) {
  report_.set_read_time_worst_us(519);
  EXPECT_THAT(Names(), IsEmpty());
  report_.set_read_time_worst_us(521);
  EXPECT_THAT(Names(), ElementsAre("I2C_CLOCK"));
  report_.set_read_time_worst_us(310);
  report_.set_read_time_us(307);
  EXPECT_THAT(Names(), ElementsAre("I2C_CLOCK"));
  // Never qualified: only a move within the run shows.
  sensor_.set_read_time_ns(0);
  EXPECT_THAT(Names(), IsEmpty());
  report_.set_read_time_worst_us(400);
  EXPECT_THAT(Names(), ElementsAre("I2C_CLOCK"));
}

TEST_F(SamplerFlagsTest, LatenessIsHeldAgainstHalfACycle) {
  report_.set_lateness_p99_us(2000);
  EXPECT_THAT(Names(), IsEmpty());
  report_.set_lateness_p99_us(2001);
  EXPECT_THAT(Names(), ElementsAre("SAMPLER_LATE"));
  sensor_.set_cycle_ns(0);
  EXPECT_THAT(Names(), IsEmpty());
}

}  // namespace
}  // namespace tinyjoule
