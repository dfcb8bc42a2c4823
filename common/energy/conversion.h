// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_CONVERSION_H_
#define COMMON_ENERGY_CONVERSION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "common/energy/sample_block.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// One conversion in physical units.
struct PowerSample {
  int64_t t_ns = 0;
  double bus_voltage_v = 0;
  double shunt_voltage_v = 0;
  double current_a = 0;
  double power_w = 0;
  uint8_t flags = 0;
};

// Turns counts into volts, amperes and watts with the formulas of v1::SensorDescription.
// Immutable; thread-safe.
class CountConverter {
 public:
  explicit CountConverter(const v1::SensorDescription& sensor);
  PowerSample Convert(const RawCounts& counts) const;
  // |shunt| at the sensor's rail, or flagged so by the sampler.
  bool Clipped(const RawCounts& counts) const;

 private:
  double shunt_lsb_v_;
  double shunt_offset_counts_;
  double bus_lsb_v_;
  double amperes_per_shunt_volt_;
  bool has_power_channel_;
  double power_lsb_w_;
  int64_t shunt_clip_counts_;
};

// False for a sensor that tells power alone: its samples hold no voltage and no current.
inline bool MeasuresVoltage(const v1::SensorDescription& sensor) { return sensor.bus_lsb_v() != 0; }

// InvalidArgument, naming the field, when a description cannot give finite volts, amperes and
// watts. Check descriptions that come from a peer.
[[nodiscard]] absl::Status CheckSensorDescription(const v1::SensorDescription& sensor);

// The words of TI's INA219 (SBOS448G, 8.6.3): the shunt register is a 16-bit two's complement at
// every PGA setting (10 uV a count); the bus register holds its count (4 mV) above three bits of
// status.
constexpr int32_t Ina219ShuntCounts(uint16_t word) { return static_cast<int16_t>(word); }
constexpr int32_t Ina219BusCounts(uint16_t word) { return word >> 3; }
constexpr bool Ina219ConversionReady(uint16_t bus_word) { return (bus_word & 2) != 0; }
constexpr bool Ina219MathOverflow(uint16_t bus_word) { return (bus_word & 1) != 0; }

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_CONVERSION_H_
