// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/chip_parameters.h"

#include <fstream>
#include <utility>

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

constexpr std::pair<const char*, int64_t> kDefaults[] = {
    {"bus_mv", 5000},       {"current_ma", 500}, {"wave_ma", 0},   {"wave_us", 10000},
    {"shunt_uohm", 100000}, {"clock_khz", 100},  {"pi_rules", 1},  {"slow_permille", 1000},
    {"fail_next", 0},       {"stuck", 0},        {"brown_out", 1},
};

std::string PathOf(const std::string& name) {
  return "/sys/module/tinyjoule_ina219/parameters/" + name;
}

}  // namespace

void ChipParameters::Set(const std::string& name, int64_t value) {
  std::ofstream file(PathOf(name));
  file << value << std::endl;
  EXPECT_TRUE(file.good()) << PathOf(name);
}

int64_t ChipParameters::Get(const std::string& name) {
  std::ifstream file(PathOf(name));
  int64_t value = 0;
  EXPECT_TRUE(file >> value) << PathOf(name);
  return value;
}

double ChipParameters::MeanPowerW() {
  const double current_ma =
      static_cast<double>(Get("current_ma")) + 0.5 * static_cast<double>(Get("wave_ma"));
  return static_cast<double>(Get("bus_mv")) * current_ma * 1e-6;
}

void ChipParameters::SetDefaults() {
  for (const auto& [name, value] : kDefaults) Set(name, value);
}

}  // namespace tinyjoule
