// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/gpio_sim.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

constexpr char kDevice[] = "/sys/kernel/config/gpio-sim/emulated-pi";
constexpr char kBank[] = "/sys/kernel/config/gpio-sim/emulated-pi/bank0";

void Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  EXPECT_TRUE(file.good()) << path;
}

std::string Word(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  EXPECT_TRUE(file >> word) << path;
  return word;
}

}  // namespace

GpioSim::GpioSim() {
  std::filesystem::create_directories(kBank);
  Write(absl::StrCat(kBank, "/num_lines"), "54");
  Write(absl::StrCat(kBank, "/label"), kLabel);
  Write(absl::StrCat(kDevice, "/live"), "1");
  values_ = absl::StrCat("/sys/devices/platform/", Word(absl::StrCat(kDevice, "/dev_name")), "/",
                         Word(absl::StrCat(kBank, "/chip_name")), "/sim_gpio");
}

GpioSim::~GpioSim() {
  Write(absl::StrCat(kDevice, "/live"), "0");
  std::filesystem::remove(kBank);
  std::filesystem::remove(kDevice);
}

bool GpioSim::IsHigh(int line) const { return Word(absl::StrCat(values_, line, "/value")) == "1"; }

}  // namespace tinyjoule
