// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CHUNK_SINK_H_
#define AGENT_CORE_CHUNK_SINK_H_

#include <string>

#include "absl/status/status.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// Takes the payloads of an attempt's chunks, each stream in order. Durable when Write returns OK;
// an error ends the attempt. Called on the measurement's thread.
class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  [[nodiscard]] virtual absl::Status Write(v1::ChunkStream stream, std::string payload) = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CHUNK_SINK_H_
