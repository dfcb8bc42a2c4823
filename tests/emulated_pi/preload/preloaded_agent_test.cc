// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The unchanged agent on an emulated bus: what "tinyjoule-agent --check" tells a user.
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/emulated_pi/preload/bus_settings.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSensor[] = "i2c:/dev/i2c-1@0x40?shunt_uohm=100000";
constexpr int64_t kPatienceNs = 60 * kNsPerSecond;

// What the program said, and how it ended.
struct Checked {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class PreloadedAgentTest : public ::testing::Test {
 protected:
  PreloadedAgentTest() {
    std::string pattern = ::testing::TempDir() + "/preloaded_agent_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~PreloadedAgentTest() override { std::filesystem::remove_all(folder_); }

  Checked Check(const std::string& bus,
                const std::vector<std::string>& arguments = {"--sensor", kSensor}) {
    ProcessOptions options;
    options.arguments = {ProgramPath("tinyjoule-agent"), "--check"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.environment = {"LD_PRELOAD=" TINYJOULE_PRELOADED_BUS,
                           absl::StrCat(kBusVariable, "=", bus)};
    options.stderr_path = folder_ + "/err";
    Checked checked;
    auto child = PosixProcessLauncher().Launch(options);
    if (!child.ok()) {
      ADD_FAILURE() << child.status();
      return checked;
    }
    while (true) {
      const auto bytes = (*child)->Read(4096, kPatienceNs);
      if (!bytes.ok() || bytes->empty()) break;
      checked.out += *bytes;
    }
    const ExitState state = (*child)->Wait();
    checked.exit_code = state.signal == 0 ? state.exit_code : -state.signal;
    checked.err = files_.ReadFile(options.stderr_path).value_or("");
    return checked;
  }
  // The number that stands before `unit`.
  static double NumberBefore(const std::string& text, const std::string& unit) {
    const size_t end = text.find(unit);
    EXPECT_NE(end, std::string::npos) << unit << " is not in " << text;
    const size_t begin = text.rfind(' ', end - 1) + 1;
    double number = 0;
    EXPECT_TRUE(absl::SimpleAtod(text.substr(begin, end - begin), &number)) << text;
    return number;
  }
  // The command fails with 1 and says all that.
  void ExpectFailure(const std::string& bus, const ::testing::Matcher<std::string>& says) {
    const Checked checked = Check(bus);
    EXPECT_EQ(checked.exit_code, 1) << checked.out << checked.err;
    EXPECT_THAT(checked.err, says);
    EXPECT_THAT(checked.out, Not(HasSubstr("samples:")));
  }

  PosixFileSystem files_;
  std::string folder_;
};

// 2.6 W for 13 ms and 4.9 W for 7 ms: 3.405 W.
constexpr double kMeanW = (2.6 * 13 + 4.9 * 7) / 20;
// One second does not hold whole periods, and a busy machine loses conversions.
constexpr double kToleranceW = 0.05 * kMeanW;

TEST_F(PreloadedAgentTest, ChecksTheSensor) {
  const Checked checked = Check("");
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.err, HasSubstr("nothing that it measures is real"));
  EXPECT_THAT(checked.out,
              AllOf(HasSubstr(std::string(kSensor) + " (ina219)"),
                    HasSubstr("shunt 0.1 ohm, gain 1, offset 0 counts, x8/1"),
                    // By how long this machine takes to read a conversion.
                    AnyOf(HasSubstr("x8/12bit"), HasSubstr("x8/11-12bit")),
                    HasSubstr("(nominally 4.792), read in "), Not(HasSubstr("warning"))));
  EXPECT_NEAR(NumberBefore(checked.out, " ms (nominally"), 4.792, 0.48);
  EXPECT_NEAR(NumberBefore(checked.out, " W\n"), kMeanW, kToleranceW);
}

// What a Pi's adapter takes, and what an adapter without plain I2C takes, give the same.
TEST_F(PreloadedAgentTest, ChoosesTheTransferThatTheAdapterHas) {
  for (const char* functions : {"functions=1", "functions=2"}) {
    const Checked checked = Check(functions);
    ASSERT_EQ(checked.exit_code, 0) << functions << checked.err;
    EXPECT_NEAR(NumberBefore(checked.out, " W\n"), kMeanW, kToleranceW) << functions;
  }
  ExpectFailure("functions=0", HasSubstr("neither SMBus words nor plain I2C"));
}

TEST_F(PreloadedAgentTest, AConfigurationFileNamesTheSensor) {
  const std::string path = folder_ + "/agent.yaml";
  ASSERT_TRUE(files_
                  .WriteFileAtomically(path, absl::StrCat("sensor: \"i2c:/dev/i2c-1@0x40?",
                                                          "shunt_uohm=50000&adc=x4\"\n"))
                  .ok());
  const Checked checked = Check("", {"--config", path});
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, AllOf(HasSubstr("shunt 0.05 ohm"), HasSubstr("x4/12bit")));
  EXPECT_NEAR(NumberBefore(checked.out, " ms (nominally"), 2.662, 0.27);
  // The chip's shunt has 0.1 ohm: a wrong one is a wrong power, which nothing but a declared range
  // or a calibration can notice.
  EXPECT_NEAR(NumberBefore(checked.out, " W\n"), 2 * kMeanW, 2 * kToleranceW);
}

TEST_F(PreloadedAgentTest, SwappedLeadsAreAWarning) {
  const Checked checked = Check("swapped_leads=1");
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out,
              HasSubstr("warning:     the current flows backwards: swap VIN+ and VIN-"));
  EXPECT_NEAR(NumberBefore(checked.out, " W\n"), -kMeanW, kToleranceW);
}

TEST_F(PreloadedAgentTest, ACurrentOutOfRangeIsAWarning) {
  // 20 W at 5.1 V are 392 mV over the shunt; the range ends at 320.
  const Checked checked = Check("high_mw=20000");
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("warning:     the current leaves the sensor's range"));
}

TEST_F(PreloadedAgentTest, ABusThatDropsTransfersStillMeasures) {
  const Checked checked = Check("nak_every=7");
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_NEAR(NumberBefore(checked.out, " W\n"), kMeanW, kToleranceW);
}

TEST_F(PreloadedAgentTest, WhatIsWrongIsSaidWithTheRemedy) {
  ExpectFailure("absent=1", AllOf(HasSubstr("0x40 on /dev/i2c-1"), HasSubstr("no chip answers"),
                                  HasSubstr("i2cdetect -y 1")));
  ExpectFailure("reset_word=0x4127", HasSubstr("0x4127 (as an INA226 does)"));
  ExpectFailure("busy=1",
                AllOf(HasSubstr("kernel driver"), HasSubstr("hwmon:"), HasSubstr("unbind")));
  ExpectFailure(absl::StrCat("open_error=", EACCES), HasSubstr("group i2c"));
  ExpectFailure(absl::StrCat("open_error=", ENOENT), HasSubstr("dtparam=i2c_arm=on"));
  ExpectFailure("halt_ms=1", HasSubstr("does not convert"));
}

TEST_F(PreloadedAgentTest, AWrongTextIsAWrongCall) {
  const Checked checked = Check("", {"--sensor", "i2c:/dev/i2c-1@0x40?shunt=1"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr("unknown parameter shunt"));
}

}  // namespace
}  // namespace tinyjoule
