// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CHUNK_DELIVERY_H_
#define AGENT_CORE_CHUNK_DELIVERY_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "agent/core/coordinator_link.h"
#include "agent/core/spool.h"
#include "common/base/task_runner.h"
#include "common/energy/attempt_key.h"

namespace tinyjoule {

// Sends what the spool holds, in order, with a bounded number of chunks that are sent and not yet
// acknowledged. After a reconnection everything unacknowledged is sent again: the coordinator knows
// a chunk by its key. Lives on the core sequence.
class ChunkDelivery {
 public:
  static constexpr size_t kMaxInFlight = 64;
  static constexpr uint64_t kMaxInFlightBytes = 1 << 20;
  static constexpr int64_t kReadRetryNs = 10'000'000'000;

  // Everything outlives it.
  ChunkDelivery(Spool& spool, CoordinatorLink& link, TaskRunner& core)
      : spool_(spool), link_(link), core_(core) {}

  void OnConnected();
  void OnDisconnected();
  // There is more in the spool.
  void OnAppended() { Pump(); }
  void OnAcknowledged(const v1::ChunkAck& acknowledgement);
  size_t in_flight() const { return in_flight_.size(); }

 private:
  struct Sent {
    AttemptKey key;
    v1::ChunkStream stream;
    uint64_t sequence;
    uint64_t bytes;
  };
  void Pump();
  void SendChunk(v1::Chunk chunk);

  Spool& spool_;
  CoordinatorLink& link_;
  TaskRunner& core_;
  bool connected_ = false;
  bool retry_posted_ = false;
  Spool::Cursor cursor_;
  std::deque<Sent> in_flight_;
  uint64_t in_flight_bytes_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CHUNK_DELIVERY_H_
