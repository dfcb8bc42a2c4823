// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// `tinyjoule-agent --check`, unchanged, on a real kernel's i2c-dev and hwmon with a simulated
// INA219. Runs in user-mode Linux (uml/run).
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/emulated_pi/chip_parameters.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Sixteen averages: conversions that come slowly enough for a machine that is busy with other
// things.
constexpr char kSensor[] = "i2c:/dev/i2c-1@0x40?shunt_uohm=100000&adc=x16";
constexpr char kBus[] = "/sys/bus/i2c/devices/i2c-1/";
constexpr double kVolts = 5;

struct Ended {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class AgentCheckTest : public ::testing::Test {
 protected:
  AgentCheckTest() { chip_.Set("clock_khz", 400); }

  Ended Check(const std::string& sensor) {
    ProcessOptions options;
    options.arguments = {ProgramPath("tinyjoule-agent"), "--check", "--sensor", sensor};
    options.stderr_path = absl::StrCat(testing::TempDir(), "/agent.err");
    const auto agent = PosixProcessLauncher().Launch(options);
    EXPECT_TRUE(agent.ok()) << agent.status();
    Ended ended;
    for (;;) {
      const auto bytes = (*agent)->Read(65536, 60 * kNsPerSecond);
      EXPECT_TRUE(bytes.ok()) << bytes.status();
      if (!bytes.ok() || bytes->empty()) break;
      ended.out += *bytes;
    }
    ended.exit_code = (*agent)->Wait().exit_code;
    PosixFileSystem files;
    ended.err = files.ReadFile(options.stderr_path).value_or("");
    EXPECT_TRUE(files.RemoveFile(options.stderr_path).ok());
    return ended;
  }

  ChipParameters chip_;
};

// The mean power in "samples:     208.9 per second; 5.000 V, mean 2.500 W".
double MeanPowerW(const std::string& out) {
  double power_w = NAN;
  const size_t at = out.find("mean ");
  if (at != std::string::npos) sscanf(out.c_str() + at, "mean %lf W", &power_w);
  return power_w;
}

TEST_F(AgentCheckTest, ShowsThePowerOfTheLoadUnderThePisRules) {
  chip_.Set("current_ma", 1300);
  const Ended ended = Check(kSensor);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NEAR(MeanPowerW(ended.out), kVolts * 1.3, 1e-3) << ended.out;
}

TEST_F(AgentCheckTest, ToleratesALostAcknowledgeAndAnotherAdapter) {
  chip_.Set("pi_rules", 0);
  chip_.Set("fail_next", 1);
  const Ended ended = Check(kSensor);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NEAR(MeanPowerW(ended.out), kVolts * 0.5, 1e-3) << ended.out;
  EXPECT_EQ(chip_.Get("fail_next"), 0);
}

TEST_F(AgentCheckTest, SaysThatNoChipAnswers) {
  const Ended ended = Check("i2c:/dev/i2c-1@0x41?shunt_uohm=100000");
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("0x41"), HasSubstr("/dev/i2c-1")));
}

TEST_F(AgentCheckTest, SaysThatThereIsNoBus) {
  const Ended ended = Check("i2c:/dev/i2c-7@0x40?shunt_uohm=100000");
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("/dev/i2c-7"));
}

TEST_F(AgentCheckTest, SaysThatTheBusIsStuck) {
  chip_.Set("stuck", 1);
  const Ended ended = Check(kSensor);
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("timed out"));
}

// The kernel's own driver on the chip: ours stays away, and the hwmon sensor reads through it.
class BoundDriverTest : public AgentCheckTest {
 protected:
  BoundDriverTest() {
    Write("new_device", "ina219 0x40");
    const std::string hwmon = absl::StrCat(kBus, "1-0040/hwmon");
    for (const auto& entry : std::filesystem::directory_iterator(hwmon)) {
      std::ofstream(entry.path() / "shunt_resistor") << "100000\n";
    }
  }
  ~BoundDriverTest() override { Write("delete_device", "0x40"); }
  static void Write(const std::string& name, const std::string& text) {
    std::ofstream file(kBus + name);
    file << text << std::endl;
    EXPECT_TRUE(file.good()) << name;
  }
};

TEST_F(BoundDriverTest, IsNamedAndLeftAlone) {
  const int64_t before = chip_.Get("transfers");
  const Ended ended = Check(kSensor);
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("ina2xx"), HasSubstr("unbind")));
  EXPECT_EQ(chip_.Get("transfers"), before) << "the chip is not touched";
}

TEST_F(BoundDriverTest, IsReadThroughHwmon) {
  const Ended ended = Check("hwmon:");
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NEAR(MeanPowerW(ended.out), 2.5, 0.03) << ended.out;
}

}  // namespace
}  // namespace tinyjoule
