// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_PRELOAD_BUS_SETTINGS_H_
#define TESTS_EMULATED_PI_PRELOAD_BUS_SETTINGS_H_

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "tests/support/load_profile.h"

namespace tinyjoule {

// The environment variable "NAME=value,NAME=value" in whole numbers.
inline constexpr char kBusVariable[] = "TINYJOULE_EMULATED_BUS";

// What a preloaded bus is like. The chip sits at 0x40 of /dev/i2c-1, behind 5.1 V and a shunt of
// 0.1 ohm. The load alternates between two powers; its pattern begins anew whenever
// CLOCK_MONOTONIC_RAW is a multiple of the period, so that a test knows the energy of any span.
struct BusSettings {
  int64_t low_mw = 2600;
  int64_t high_mw = 4900;
  int64_t low_us = 13'000;
  int64_t high_us = 7'000;
  int64_t bus_hz = 400'000;
  // What the adapter can: 1 plain I2C (as a Pi's: one read message, the last), 2 SMBus words.
  int64_t functions = 3;
  int64_t swapped_leads = 0;
  // Errnos of open and of choosing the chip; 0: they work.
  int64_t open_error = 0;
  int64_t busy = 0;
  // Every transfer fails; or each so-many-th; or all from one moment after opening for a while.
  int64_t absent = 0;
  int64_t nak_every = 0;
  int64_t dead_from_ms = 0;
  int64_t dead_for_ms = 0;
  // The value of register 0 after a reset; 0: an INA219's.
  int64_t reset_word = 0;
  // Moments after opening at which the chip loses its supply, or stops converting; 0: never.
  int64_t brown_out_ms = 0;
  int64_t halt_ms = 0;
  // The chip loses its supply behind so many writes of its configuration; 0: never.
  int64_t brown_out_writes = 0;

  std::map<std::string, int64_t*> Names() {
    return {{"low_mw", &low_mw},
            {"high_mw", &high_mw},
            {"low_us", &low_us},
            {"high_us", &high_us},
            {"bus_hz", &bus_hz},
            {"functions", &functions},
            {"swapped_leads", &swapped_leads},
            {"open_error", &open_error},
            {"busy", &busy},
            {"absent", &absent},
            {"nak_every", &nak_every},
            {"dead_from_ms", &dead_from_ms},
            {"dead_for_ms", &dead_for_ms},
            {"reset_word", &reset_word},
            {"brown_out_ms", &brown_out_ms},
            {"halt_ms", &halt_ms},
            {"brown_out_writes", &brown_out_writes}};
  }
  // A name that is not there ends the program: a fault that is not injected tests nothing.
  void Read(const std::string& text) {
    const std::map<std::string, int64_t*> names = Names();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(',', begin), text.size());
      const size_t equals = text.find('=', begin);
      const auto found = names.find(text.substr(begin, equals - begin));
      if (equals >= end || found == names.end()) std::abort();
      *found->second = std::strtoll(text.c_str() + equals + 1, nullptr, 0);
      begin = end + 1;
    }
  }
  LoadProfile Load() const {
    LoadProfile load(1e-3 * static_cast<double>(low_mw),
                     {{low_us * kNsPerUs, 1e-3 * static_cast<double>(low_mw)},
                      {high_us * kNsPerUs, 1e-3 * static_cast<double>(high_mw)}});
    load.AddBusy({0, INT64_MAX / 2});
    return load;
  }
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_PRELOAD_BUS_SETTINGS_H_
