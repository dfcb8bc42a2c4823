// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/make_ina219.h"

#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/scripted_ina219.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Ina219Sensor::Options Parse(const std::string& text) {
  const auto options = ParseIna219Uri(*ParseSensorUri(text));
  EXPECT_TRUE(options.ok()) << options.status();
  return *options;
}

std::string Error(const std::string& text) {
  const auto options = ParseIna219Uri(*ParseSensorUri(text));
  EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(options.status().message());
}

TEST(ParseIna219UriTest, TakesEveryParameter) {
  const Ina219Sensor::Options options = Parse(
      "i2c:/dev/i2c-20@0x4f?shunt_uohm=20000&adc=x128&bus_adc=9bit&range_v=16&pga=1&offset=-2.5"
      "&gain=0.98&idle_min_w=1.5&idle_max_w=4");
  EXPECT_EQ(options.bus, "/dev/i2c-20");
  EXPECT_EQ(options.address, 0x4F);
  EXPECT_EQ(options.shunt_uohm, 20'000u);
  EXPECT_EQ(options.settings.shunt_adc->name, "x128");
  EXPECT_EQ(options.settings.bus_adc->name, "9bit");
  EXPECT_FALSE(options.mixed_bus_adc);
  EXPECT_EQ(options.settings.range_v, 16u);
  EXPECT_EQ(options.settings.pga, 1u);
  EXPECT_EQ(options.shunt_offset_counts, -2.5);
  EXPECT_EQ(options.gain, 0.98);
  EXPECT_EQ(options.idle_min_w, 1.5);
  EXPECT_EQ(options.idle_max_w, 4);
}

TEST(ParseIna219UriTest, HasDefaults) {
  const Ina219Sensor::Options options = Parse("i2c:/dev/i2c-1");
  EXPECT_EQ(options.address, 0x40);
  EXPECT_EQ(options.shunt_uohm, 100'000u);
  EXPECT_EQ(Ina219ConfigurationWord(options.settings), 0x39DF);
  EXPECT_TRUE(options.mixed_bus_adc);
  EXPECT_TRUE(Parse("i2c:/dev/i2c-1?bus_adc=mixed").mixed_bus_adc);
  EXPECT_FALSE(Parse("i2c:/dev/i2c-1?bus_adc=12bit").mixed_bus_adc);
  EXPECT_EQ(options.gain, 1);
  EXPECT_EQ(options.shunt_offset_counts, 0);
  EXPECT_FALSE(options.idle_min_w || options.idle_max_w);
  EXPECT_EQ(Parse("i2c:/dev/i2c-1@65").address, 0x41);
}

TEST(ParseIna219UriTest, NamesWhatIsWrong) {
  EXPECT_THAT(Error("i2c:"), HasSubstr("is not a bus such as /dev/i2c-1"));
  EXPECT_THAT(Error("i2c:/dev/spi1@0x40"), HasSubstr("\"/dev/spi1\" is not a bus"));
  EXPECT_THAT(Error("i2c:/dev/i2c-x@0x40"), HasSubstr("not a bus"));
  for (const char* address : {"0x3f", "0x50", "", "x", "0x140", "-1"}) {
    EXPECT_THAT(Error(std::string("i2c:/dev/i2c-1@") + address), HasSubstr("0x40 to 0x4f"));
  }
  EXPECT_THAT(Error("i2c:/dev/i2c-1?adc=x3"), HasSubstr("adc is not one of 9bit, 10bit"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?bus_adc=8"), HasSubstr("bus_adc is not one of"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?pga=3"), HasSubstr("pga is not one of 1, 2, 4, 8"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?range_v=26"), HasSubstr("range_v is not one of 16, 32"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?shunt_uohm=0"), HasSubstr("shunt_uohm is not from 1"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?shunt_uohm=0.1"), HasSubstr("shunt_uohm"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?gain=0"), HasSubstr("gain is not a number from 0.1 to 10"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?idle_min_w=4&idle_max_w=2"), HasSubstr("above idle_min_w"));
  EXPECT_THAT(Error("i2c:/dev/i2c-1?shunt=100000"), HasSubstr("unknown parameter shunt"));
}

class MakeIna219Test : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<PowerSensor>> Make(const std::string& uri) {
    return MakePowerSensor(uri, {clock_, files_, load_, "/pi",
                                 [this](const std::string& bus, uint8_t address) {
                                   EXPECT_EQ(bus, "/dev/i2c-1");
                                   EXPECT_EQ(address, 0x40);
                                   return std::make_unique<ScriptedI2cDevice>(chip_);
                                 },
                                 idle_});
  }
  std::optional<IdleRange> idle_;
  FakeClock clock_;
  FaultFileSystem files_;
  ProcessCpuTime load_;
  ScriptedIna219 chip_{clock_};
};

TEST_F(MakeIna219Test, MakesAQualifiedSensor) {
  const auto sensor = Make("i2c:/dev/i2c-1@0x40?shunt_uohm=100000");
  ASSERT_TRUE(sensor.ok()) << sensor.status();
  EXPECT_EQ((*sensor)->Describe().kind(), "ina219");
  EXPECT_GT((*sensor)->Describe().read_time_ns(), 0);
  EXPECT_NEAR(static_cast<double>((*sensor)->Describe().cycle_ns()), 4.79e6, 1300);
}

TEST_F(MakeIna219Test, KnowsWhatItsBoardCanDrawUnlessTheUriSays) {
  idle_ = IdleRange{1.8, 5.0};
  const auto sensor = Make("i2c:/dev/i2c-1@0x40");
  ASSERT_TRUE(sensor.ok()) << sensor.status();
  EXPECT_EQ((*sensor)->Describe().idle_min_w(), 1.8);
  EXPECT_EQ((*sensor)->Describe().idle_max_w(), 5.0);
  const auto declared = Make("i2c:/dev/i2c-1@0x40?idle_max_w=3");
  ASSERT_TRUE(declared.ok()) << declared.status();
  EXPECT_FALSE((*declared)->Describe().has_idle_min_w());
  EXPECT_EQ((*declared)->Describe().idle_max_w(), 3);
}

TEST_F(MakeIna219Test, AKernelDriverIsInTheWay) {
  ASSERT_TRUE(
      files_.WriteFileAtomically("/pi/sys/bus/i2c/devices/1-0040/uevent", "DRIVER=ina2xx\n").ok());
  const auto sensor = Make("i2c:/dev/i2c-1@0x40");
  EXPECT_EQ(sensor.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(chip_.transfers, 0) << "the driver's chip is left alone";
}

TEST_F(MakeIna219Test, ErrorsNameTheSensor) {
  chip_.error = EREMOTEIO;
  const auto sensor = Make("i2c:/dev/i2c-1@0x40");
  EXPECT_EQ(sensor.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(sensor.status().message()),
              AllOf(StartsWith("sensor \"i2c:/dev/i2c-1@0x40\": "), HasSubstr("no chip answers")));
}

}  // namespace
}  // namespace tinyjoule
