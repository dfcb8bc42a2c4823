// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_GPIO_SIM_H_
#define TESTS_EMULATED_PI_GPIO_SIM_H_

#include <string>

namespace tinyjoule {

// A GPIO chip of the kernel's gpio-sim with a Pi 4's label and its 54 lines, while it lives. Root.
class GpioSim {
 public:
  GpioSim();
  ~GpioSim();
  GpioSim(const GpioSim&) = delete;
  GpioSim& operator=(const GpioSim&) = delete;
  // What an instrument on the line sees.
  bool IsHigh(int line) const;

  static constexpr char kLabel[] = "pinctrl-bcm2711";

 private:
  std::string values_;
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_GPIO_SIM_H_
