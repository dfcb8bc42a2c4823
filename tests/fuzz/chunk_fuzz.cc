// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a peer may send as a chunk: framing, chunk, sample block, assembly. The first byte chooses
// where the bytes go in, so that each layer is reached without the ones around it.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/base/framing.h"
#include "common/energy/chunk.h"
#include "common/energy/energy_report.h"
#include "common/energy/sample_block.h"
#include "server/assembly/run_assembler.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

// What decodes is in order and encodes to the same samples again.
void TrySampleBlock(const v1::SampleBlock& block) {
  const auto samples = DecodeSampleBlock(block);
  if (!samples.ok()) return;
  Require(samples->size() <= kMaxSamplesPerBlock);
  for (size_t i = 1; i < samples->size(); ++i) {
    Require((*samples)[i - 1].t_ns < (*samples)[i].t_ns);
  }
  // Other units of time are rounded on encoding.
  if (block.time_unit_ns() > 1 && block.time_unit_ns() % kTimeUnitNs != 0) return;
  const auto again = EncodeSampleBlock(*samples, true, block.dropped_before());
  if (!again.ok() || block.first_time_ns() % kTimeUnitNs != 0) return;
  const auto decoded = DecodeSampleBlock(*again);
  Require(decoded.ok() && *decoded == *samples);
}

void TryChunk(const v1::Chunk& chunk) {
  if (!CheckChunk(chunk).ok()) return;
  Require(chunk.payload().size() <= kMaxChunkPayloadBytes);
  v1::SampleBlock block;
  if (block.ParseFromString(chunk.payload())) TrySampleBlock(block);
}

void TryFrames(const std::string& bytes) {
  bool given = false;
  FrameReader reader([&]() -> absl::StatusOr<std::string> {
    if (given) return std::string();
    given = true;
    return bytes;
  });
  v1::Chunk chunk;
  while (reader.Read(&chunk).ok()) TryChunk(chunk);
}

// The bytes are a result and, as the only chunk of samples, a block.
void TryAssembly(const std::string& bytes) {
  const size_t middle = bytes.size() / 2;
  std::vector<v1::Chunk> chunks;
  const auto add = [&chunks](v1::ChunkStream stream, std::string payload) {
    auto chunk = MakeChunk("run", 1, stream, 0, std::move(payload));
    if (chunk.ok()) chunks.push_back(*std::move(chunk));
  };
  add(v1::CHUNK_STREAM_RESULT, bytes.substr(0, middle));
  add(v1::CHUNK_STREAM_SAMPLES, bytes.substr(middle));
  const std::vector<float> values = {1, 2};
  v1::TrainingOutcome outcome;
  outcome.set_output_kind(v1::OUTPUT_KIND_REGRESSION);
  (void)AssembleRun({chunks, outcome, values, values});
}

void TryOne(const std::string& bytes) {
  if (bytes.empty()) return;
  const std::string rest = bytes.substr(1);
  const int layer = static_cast<unsigned char>(bytes[0]) % 4;
  v1::Chunk chunk;
  v1::SampleBlock block;
  if (layer == 0) TryFrames(rest);
  if (layer == 1 && chunk.ParseFromString(rest)) TryChunk(chunk);
  if (layer == 2 && block.ParseFromString(rest)) TrySampleBlock(block);
  if (layer == 3) TryAssembly(rest);
}

}  // namespace
}  // namespace tinyjoule

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Refused messages are the daily bread here.
  static const google::protobuf::LogSilencer silencer;
  tinyjoule::TryOne(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
