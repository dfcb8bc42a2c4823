// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_CHIP_PARAMETERS_H_
#define TESTS_EMULATED_PI_CHIP_PARAMETERS_H_

#include <cstdint>
#include <string>

namespace tinyjoule {

// The parameters of the kernel module tinyjoule_ina219: its load, its faults. Back at their
// defaults when this goes. A parameter that cannot be written or read fails the test.
class ChipParameters {
 public:
  ChipParameters() { SetDefaults(); }
  ~ChipParameters() { SetDefaults(); }
  ChipParameters(const ChipParameters&) = delete;
  ChipParameters& operator=(const ChipParameters&) = delete;

  void Set(const std::string& name, int64_t value);
  int64_t Get(const std::string& name);
  // The chip loses its supply for a moment.
  void BrownOut() { Set("brown_out", 1); }
  // Power of the load in its mean, W.
  double MeanPowerW();

 private:
  void SetDefaults();
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_CHIP_PARAMETERS_H_
