// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/chunk.h"

#include <gtest/gtest.h>

#include "common/base/names.h"

namespace tinyjoule {
namespace {

v1::Chunk GoodChunk() { return *MakeChunk("run-1", 1, v1::CHUNK_STREAM_SAMPLES, 3, "123456789"); }

// The check value of CRC-32C (RFC 3720, appendix B.4).
TEST(Chunk, CarriesTheCrcOfItsPayload) { EXPECT_EQ(GoodChunk().crc32c(), 0xE3069283U); }

TEST(Chunk, EveryFlippedBitOfThePayloadIsSeen) {
  for (size_t bit = 0; bit < 72; ++bit) {
    v1::Chunk chunk = GoodChunk();
    (*chunk.mutable_payload())[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_EQ(CheckChunk(chunk).code(), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(Chunk, RefusesBadFields) {
  const auto code = [](auto change) {
    v1::Chunk chunk = GoodChunk();
    change(chunk);
    return CheckChunk(chunk).code();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code([](v1::Chunk& c) { c.set_run_id("../etc"); }), kInvalid);
  EXPECT_EQ(code([](v1::Chunk& c) { c.set_attempt(0); }), kInvalid);
  EXPECT_EQ(code([](v1::Chunk& c) { c.clear_stream(); }), kInvalid);
  EXPECT_EQ(code([](v1::Chunk& c) { c.set_stream(static_cast<v1::ChunkStream>(9)); }), kInvalid);
  EXPECT_EQ(code([](v1::Chunk& c) { c.set_stream(v1::CHUNK_STREAM_RESULT); }), kInvalid);
  EXPECT_EQ(code([](v1::Chunk& c) { c.clear_payload(); }), kInvalid);
  EXPECT_EQ(code([](v1::Chunk&) {}), absl::StatusCode::kOk);
}

TEST(Chunk, TheLargestOneIsAtMost64KiB) {
  const std::string run(64, 'r');
  const auto chunk = MakeChunk(run, 4294967295U, v1::CHUNK_STREAM_PREDICTIONS, UINT64_MAX,
                               std::string(kMaxChunkPayloadBytes, 'x'));
  ASSERT_TRUE(chunk.ok()) << chunk.status();
  EXPECT_LE(chunk->ByteSizeLong(), kMaxChunkBytes);
  EXPECT_FALSE(MakeChunk(run, 1, v1::CHUNK_STREAM_PREDICTIONS, 0,
                         std::string(kMaxChunkPayloadBytes + 1, 'x'))
                   .ok());
}

TEST(IsValidName, TakesExactlyTheAlphabet) {
  EXPECT_TRUE(IsValidName("Pi-4_b.local"));
  EXPECT_TRUE(IsValidName(std::string(64, 'a')));
  EXPECT_FALSE(IsValidName(std::string(65, 'a')));
  EXPECT_FALSE(IsValidName(""));
  int allowed = 0;
  for (int c = 0; c < 256; ++c) allowed += IsValidName(std::string(1, static_cast<char>(c)));
  EXPECT_EQ(allowed, 26 + 26 + 10 + 3);
}

}  // namespace
}  // namespace tinyjoule
