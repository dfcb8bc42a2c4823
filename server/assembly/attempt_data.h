// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_ASSEMBLY_ATTEMPT_DATA_H_
#define SERVER_ASSEMBLY_ATTEMPT_DATA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/energy/sample_block.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// What the chunks of one attempt hold.
struct AttemptData {
  v1::RunResult result;
  std::vector<RawCounts> samples;
  // Row-major; row_width values for each test row from row 0 on, without holes.
  std::vector<float> predictions;
  uint32_t row_width = 0;
  // SHA-256 over the payloads, one after another, in (stream, sequence) order.
  std::string raw_sha256;
};

// Decodes every chunk of an attempt, given in any order, and checks that nothing is missing.
// FailedPrecondition: a chunk that the result announces is not there, or the result itself.
// InvalidArgument: chunks of several attempts, one twice, more than announced, a payload that
// cannot be decoded, predictions with holes. DataLoss: a CRC that does not fit.
absl::StatusOr<AttemptData> DecodeAttempt(absl::Span<const v1::Chunk> chunks);

// The samples of one SAMPLES chunk.
absl::StatusOr<std::vector<RawCounts>> DecodeSampleChunk(const v1::Chunk& chunk);

}  // namespace tinyjoule

#endif  // SERVER_ASSEMBLY_ATTEMPT_DATA_H_
