// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_PREDICTION_WRITER_H_
#define AGENT_CORE_PREDICTION_WRITER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "agent/core/chunk_sink.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// Cuts a runner's predictions into PREDICTIONS chunks of whole rows, each well below 64 KiB.
class PredictionWriter {
 public:
  // The sink outlives the writer.
  PredictionWriter(ChunkSink& sink, uint64_t row_count, uint32_t values_per_row);

  // The next rows. InvalidArgument when they are not next, or of another width.
  [[nodiscard]] absl::Status Add(const v1::PredictionBlock& block);
  // Writes the rest. DataLoss unless every row came.
  [[nodiscard]] absl::Status Finish();
  uint64_t chunk_count() const { return chunk_count_; }

 private:
  [[nodiscard]] absl::Status WritePending();

  ChunkSink& sink_;
  const uint64_t row_count_;
  const uint32_t values_per_row_;
  v1::PredictionBlock pending_;
  uint64_t rows_ = 0;
  uint64_t chunk_count_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_PREDICTION_WRITER_H_
