// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The marker line on the kernel's own simulated chip (gpio-sim), through libgpiod.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/ascii.h"
#include "agent/gpio/gpio_system.h"
#include "agent/gpio/open_marker_line.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr char kConfigFolder[] = "/sys/kernel/config/gpio-sim";

std::string ReadText(const std::string& path) {
  std::string text;
  std::getline(std::ifstream(path) >> std::ws, text);
  return std::string(absl::StripAsciiWhitespace(text));
}

// A chip of eight lines while it lives.
class GpioSimTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kConfigFolder)) {
      GTEST_SKIP() << "this kernel has no gpio-sim (" << kConfigFolder << ")";
    }
    if (MakeGpioSystem() == nullptr) GTEST_SKIP() << "this build has no libgpiod";
    device_ = std::string(kConfigFolder) + "/tinyjoule-" + std::to_string(getpid());
    if (mkdir(device_.c_str(), 0755) != 0) GTEST_SKIP() << "making a gpio-sim chip needs root";
    ASSERT_EQ(mkdir((device_ + "/bank0").c_str(), 0755), 0);
    Write("bank0/num_lines", "8");
    Write("bank0/label", "tinyjoule-sim");
    Write("live", "1");
    value_path_ = "/sys/devices/platform/" + ReadText(device_ + "/dev_name") + "/" +
                  ReadText(device_ + "/bank0/chip_name") + "/sim_gpio3/value";
  }
  void TearDown() override {
    if (device_.empty()) return;
    Write("live", "0");
    rmdir((device_ + "/bank0").c_str());
    rmdir(device_.c_str());
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(device_ + "/" + name) << text;
  }
  std::string Value() const { return ReadText(value_path_); }

  std::string device_;
  std::string value_path_;
};

TEST_F(GpioSimTest, TheLineFollowsTheMarks) {
  auto line = OpenMarkerLine("gpio:tinyjoule-sim/3");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(Value(), "0");
  ASSERT_TRUE((*line)->Set(true).ok());
  EXPECT_EQ(Value(), "1");
  ASSERT_TRUE((*line)->Set(false).ok());
  EXPECT_EQ(Value(), "0");
}

TEST_F(GpioSimTest, ALineHasOneOwner) {
  auto line = OpenMarkerLine("gpio:tinyjoule-sim/3");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(std::string(OpenMarkerLine("gpio:tinyjoule-sim/3").status().message()),
              HasSubstr("in use by tinyjoule"));
  line->reset();
  EXPECT_TRUE(OpenMarkerLine("gpio:tinyjoule-sim/3").ok());
}

TEST_F(GpioSimTest, AnotherLabelNamesThisOne) {
  EXPECT_THAT(std::string(OpenMarkerLine("gpio:other/3").status().message()),
              HasSubstr("tinyjoule-sim"));
}

}  // namespace
}  // namespace tinyjoule
