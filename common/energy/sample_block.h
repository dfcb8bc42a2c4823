// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_SAMPLE_BLOCK_H_
#define COMMON_ENERGY_SAMPLE_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// One conversion of a power sensor, in the sensor's own counts.
struct RawCounts {
  // End of the conversion on the agent's CLOCK_MONOTONIC_RAW; a whole kTimeUnitNs on the wire.
  int64_t t_ns = 0;
  int32_t bus = 0;
  int32_t shunt = 0;
  // 0 unless the sensor has a power channel.
  int32_t power = 0;
  // Bits of v1::SampleFlag.
  uint8_t flags = 0;
};
bool operator==(const RawCounts& a, const RawCounts& b);

// Times travel in microseconds. A sampler rounds each time with RoundToTimeUnit as it takes it, so
// that the agent and the coordinator compute with the same numbers.
inline constexpr int64_t kTimeUnitNs = 1000;
constexpr int64_t RoundToTimeUnit(int64_t t_ns) {
  const int64_t rest = ((t_ns % kTimeUnitNs) + kTimeUnitNs) % kTimeUnitNs;
  return t_ns - rest + (rest * 2 >= kTimeUnitNs ? kTimeUnitNs : 0);
}

// The most samples that a block may hold. A block of kSafeSamplesPerBlock fits into a chunk
// whatever its values are.
inline constexpr size_t kMaxSamplesPerBlock = 16384;
inline constexpr size_t kSafeSamplesPerBlock = 2048;

// Packs consecutive samples as measurement.proto says. `dropped_before`: samples lost before the
// first one. InvalidArgument: no samples, more than kMaxSamplesPerBlock, times that do not grow,
// or neighbours more than 35 minutes (or 2^31 counts) apart: start a new block there.
absl::StatusOr<v1::SampleBlock> EncodeSampleBlock(absl::Span<const RawCounts> samples,
                                                  bool has_power_channel, uint64_t dropped_before);

// The samples of a block from an untrusted peer. InvalidArgument: arrays of different lengths, too
// many samples, flag runs that do not cover exactly every sample, flags beyond 8 bits, counts or
// times that leave their range, times that do not grow.
absl::StatusOr<std::vector<RawCounts>> DecodeSampleBlock(const v1::SampleBlock& block);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_SAMPLE_BLOCK_H_
