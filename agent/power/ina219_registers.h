// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_INA219_REGISTERS_H_
#define AGENT_POWER_INA219_REGISTERS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// TI's INA219 as its data sheet has it (SBOS448G, 8.6).
enum Ina219Register : uint8_t {
  kIna219Configuration = 0,
  kIna219Shunt = 1,
  kIna219Bus = 2,
  kIna219Power = 3,
};

inline constexpr uint16_t kIna219ResetBit = 0x8000;
inline constexpr uint16_t kIna219ResetConfiguration = 0x399F;
inline constexpr double kIna219ShuntLsbV = 10e-6;
inline constexpr double kIna219BusLsbV = 4e-3;

// A setting of one of the two converters: resolution, or 12 bit with averaging.
struct Ina219AdcMode {
  absl::string_view name;
  uint16_t code;
  int64_t conversion_ns;
};

inline constexpr Ina219AdcMode kIna219AdcModes[] = {
    {"9bit", 0b0000, 84'000},    {"10bit", 0b0001, 148'000},   {"11bit", 0b0010, 276'000},
    {"12bit", 0b0011, 532'000},  {"x2", 0b1001, 1'060'000},    {"x4", 0b1010, 2'130'000},
    {"x8", 0b1011, 4'260'000},   {"x16", 0b1100, 8'510'000},   {"x32", 0b1101, 17'020'000},
    {"x64", 0b1110, 34'050'000}, {"x128", 0b1111, 68'100'000},
};

// Null: no such word.
constexpr const Ina219AdcMode* FindIna219AdcMode(absl::string_view name) {
  for (const Ina219AdcMode& mode : kIna219AdcModes) {
    if (mode.name == name) return &mode;
  }
  return nullptr;
}

struct Ina219Settings {
  const Ina219AdcMode* shunt_adc = FindIna219AdcMode("x8");
  const Ina219AdcMode* bus_adc = FindIna219AdcMode("12bit");
  // Full scale of the bus: 16 or 32 V.
  uint32_t range_v = 32;
  // 1, 2, 4 or 8: full scale of the shunt is 40 mV times it.
  uint32_t pga = 8;
};

// Shunt and bus, continuously. Never the reset value, so that a reset shows: 12 bit has a second
// code, which is used where the first one would make them equal.
constexpr uint16_t Ina219ConfigurationWord(const Ina219Settings& settings) {
  constexpr uint16_t kContinuous = 7;
  constexpr uint16_t kOther12Bit = 0b1000;
  const uint16_t pga_code = settings.pga == 8   ? 3
                            : settings.pga == 4 ? 2
                            : settings.pga == 2 ? 1
                                                : 0;
  const auto word = [&](uint16_t shunt_code) {
    return static_cast<uint16_t>((settings.range_v == 32 ? 1 << 13 : 0) | pga_code << 11 |
                                 settings.bus_adc->code << 7 | shunt_code << 3 | kContinuous);
  };
  const uint16_t plain = word(settings.shunt_adc->code);
  return plain == kIna219ResetConfiguration ? word(kOther12Bit) : plain;
}

// The shunt converts, then the bus.
constexpr int64_t Ina219CycleNs(const Ina219Settings& settings) {
  return settings.shunt_adc->conversion_ns + settings.bus_adc->conversion_ns;
}

// The rails of the two registers' counts.
constexpr int32_t Ina219ShuntRail(const Ina219Settings& settings) {
  return static_cast<int32_t>(4000 * settings.pga);
}
constexpr int32_t Ina219BusRail(const Ina219Settings& settings) {
  return static_cast<int32_t>(250 * settings.range_v);
}

}  // namespace tinyjoule

#endif  // AGENT_POWER_INA219_REGISTERS_H_
