// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/sample_block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace tinyjoule {
namespace {

constexpr int64_t kCycleNs = 4'790'000;

bool IsInvalid(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument;
}

// A load that a board shows: 3.3 ms inferences over idle, seen every 4.79 ms with jitter and noise.
std::vector<RawCounts> RealisticTrace(size_t samples, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 1);
  std::vector<RawCounts> trace;
  int64_t t_ns = 123'456'789'000;
  for (size_t i = 0; i < samples; ++i) {
    RawCounts counts;
    t_ns += kCycleNs + static_cast<int64_t>(3'000 * noise(random));
    counts.t_ns = RoundToTimeUnit(t_ns);
    counts.bus = 1270 + static_cast<int32_t>(std::lround(noise(random)));
    counts.shunt = 7600 + static_cast<int32_t>(std::lround(30 * noise(random)));
    counts.flags = i >= 100 && i < 2000 ? v1::SAMPLE_FLAG_MARKER : 0;
    trace.push_back(counts);
  }
  return trace;
}

v1::SampleBlock SmallBlock() {
  return *EncodeSampleBlock({{1000, 5, -7, 0, 0}, {6000, 6, -9, 0, 1}, {10000, 6, 0, 0, 1}}, false,
                            0);
}

TEST(SampleBlock, WordsAreTheDifferencesOfMeasurementProto) {
  const auto block = EncodeSampleBlock(
      {{1'000'000, 5, -7, 30, 0}, {6'000'000, 6, -9, 20, 1}, {10'000'000, 6, 0, 20, 1}}, true, 4);
  ASSERT_TRUE(block.ok()) << block.status();
  // Intervals 0, 5000 and 4000 us; their differences.
  EXPECT_EQ(block->ShortDebugString(),
            "first_time_ns: 1000000 time_unit_ns: 1000 time_delta: 0 time_delta: 5000 "
            "time_delta: -1000 bus_delta: 5 bus_delta: 1 bus_delta: 0 shunt_delta: -7 "
            "shunt_delta: -2 shunt_delta: 9 power_delta: 30 power_delta: -10 power_delta: 0 "
            "flag_runs: 0 flag_runs: 1 flag_runs: 1 flag_runs: 2 dropped_before: 4");
}

TEST(SampleBlock, DecodesWhatItEncoded) {
  const std::vector<RawCounts> trace = RealisticTrace(2090, 1);
  const auto block = EncodeSampleBlock(trace, false, 0);
  ASSERT_TRUE(block.ok());
  const auto decoded = DecodeSampleBlock(*block);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, trace);
}

TEST(SampleBlock, RoundTripsRandomBlocks) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<RawCounts> samples(1 + random() % 200);
    int64_t t_ns = static_cast<int64_t>(random() % (int64_t{1} << 60)) / 1000 * 1000;
    for (RawCounts& counts : samples) {
      t_ns += static_cast<int64_t>(1 + random() % 2'000'000'000) * 1000;
      counts = {t_ns, static_cast<int32_t>(random() % 65536) - 32768,
                static_cast<int32_t>(random() % 65536) - 32768,
                static_cast<int32_t>(random() % 65536), static_cast<uint8_t>(random())};
    }
    const auto block = EncodeSampleBlock(samples, true, 0);
    ASSERT_TRUE(block.ok()) << block.status();
    v1::SampleBlock received;
    ASSERT_TRUE(received.ParseFromString(block->SerializeAsString()));
    EXPECT_EQ(*DecodeSampleBlock(received), samples);
  }
}

// The INA219 loads of measurement: "about 3.6 bytes a sample" is a promise of the protocol.
TEST(SampleBlock, ASampleTakesAboutFourBytes) {
  const auto block = EncodeSampleBlock(RealisticTrace(2090, 7), false, 0);
  ASSERT_TRUE(block.ok());
  const double bytes = static_cast<double>(block->ByteSizeLong()) / 2090;
  RecordProperty("bytes_per_sample_x1000", static_cast<int>(1000 * bytes));
  EXPECT_GT(bytes, 3.0);
  EXPECT_LT(bytes, 4.6);
}

TEST(SampleBlock, ASafeBlockFitsIntoAChunkWhateverItHolds) {
  std::vector<RawCounts> samples(kSafeSamplesPerBlock);
  int64_t t_ns = 0;
  const int32_t extreme = std::numeric_limits<int32_t>::max() / 2;
  for (size_t i = 0; i < samples.size(); ++i) {
    t_ns += (i % 2 == 0 ? 1 : int64_t{2'000'000'000}) * 1000;
    const int32_t value = i % 2 == 0 ? extreme : -extreme;
    samples[i] = {t_ns, value, value, value, static_cast<uint8_t>(i % 2 == 0 ? 255 : 128)};
  }
  const auto block = EncodeSampleBlock(samples, true, 0);
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_LE(block->ByteSizeLong(), 64 * 1024 - 256);
}

TEST(SampleBlock, RoundsTimesToTheWireUnit) {
  EXPECT_EQ(RoundToTimeUnit(1499), 1000);
  EXPECT_EQ(RoundToTimeUnit(1500), 2000);
  EXPECT_EQ(RoundToTimeUnit(-1499), -1000);
  const auto block = EncodeSampleBlock({{1499, 0, 0, 0, 0}, {3500, 0, 0, 0, 0}}, false, 0);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ((*DecodeSampleBlock(*block))[0].t_ns, 1000);
  EXPECT_EQ((*DecodeSampleBlock(*block))[1].t_ns, 4000);
}

TEST(SampleBlock, EncoderRefusesWhatTheWireCannotHold) {
  EXPECT_TRUE(IsInvalid(EncodeSampleBlock({}, false, 0).status()));
  EXPECT_TRUE(IsInvalid(EncodeSampleBlock({{5000}, {5000}}, false, 0).status()));
  EXPECT_TRUE(IsInvalid(EncodeSampleBlock({{-5000}}, false, 0).status()));
  EXPECT_TRUE(IsInvalid(EncodeSampleBlock({{0}, {int64_t{3'000'000'000'000}}}, false, 0).status()));
  const int32_t lowest = std::numeric_limits<int32_t>::min();
  EXPECT_TRUE(IsInvalid(EncodeSampleBlock({{0, 1}, {1000, lowest}}, false, 0).status()));
  EXPECT_TRUE(
      IsInvalid(EncodeSampleBlock(RealisticTrace(kMaxSamplesPerBlock + 1, 1), false, 0).status()));
}

TEST(SampleBlock, DecoderRefusesUnequalArrays) {
  v1::SampleBlock block = SmallBlock();
  block.add_bus_delta(1);
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
  block = SmallBlock();
  block.add_power_delta(1);
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(v1::SampleBlock()).status()));
}

TEST(SampleBlock, DecoderRefusesFlagRunsThatDoNotCover) {
  const std::vector<std::vector<uint32_t>> bad = {
      {}, {0}, {0, 2}, {0, 4}, {0, 3, 1, 1}, {0, 0, 0, 3}, {0, 4294967295U}, {256, 3}, {0, 1, 1}};
  for (const std::vector<uint32_t>& runs : bad) {
    v1::SampleBlock block = SmallBlock();
    block.clear_flag_runs();
    for (const uint32_t word : runs) block.add_flag_runs(word);
    EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status())) << block.ShortDebugString();
  }
}

TEST(SampleBlock, DecoderRefusesTimesAndWordsOutOfRange) {
  const int32_t most = std::numeric_limits<int32_t>::max();
  v1::SampleBlock block = SmallBlock();
  block.set_time_delta(1, 0);
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
  block = SmallBlock();
  block.set_time_delta(1, most);
  block.set_time_delta(2, most);
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
  block = SmallBlock();
  block.set_first_time_ns(std::numeric_limits<int64_t>::max());
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
  block = SmallBlock();
  block.set_time_unit_ns(4'000'000'000U);
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
  block = SmallBlock();
  block.set_shunt_delta(1, most);
  block.set_shunt_delta(2, most);
  EXPECT_TRUE(IsInvalid(DecodeSampleBlock(block).status()));
}

}  // namespace
}  // namespace tinyjoule
