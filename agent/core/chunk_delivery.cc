// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/chunk_delivery.h"

#include <optional>
#include <string>
#include <utility>

#include "spdlog/spdlog.h"

namespace tinyjoule {

void ChunkDelivery::OnConnected() {
  connected_ = true;
  cursor_ = {};
  in_flight_.clear();
  in_flight_bytes_ = 0;
  Pump();
}

void ChunkDelivery::OnDisconnected() { connected_ = false; }

void ChunkDelivery::OnAcknowledged(const v1::ChunkAck& acknowledgement) {
  const AttemptKey key = KeyOf(acknowledgement);
  spool_.Acknowledge(key, acknowledgement.stream(), acknowledgement.sequence());
  for (auto sent = in_flight_.begin(); sent != in_flight_.end();) {
    const bool covered = sent->stream == acknowledgement.stream() &&
                         sent->sequence <= acknowledgement.sequence() && sent->key == key;
    if (covered) in_flight_bytes_ -= sent->bytes;
    sent = covered ? in_flight_.erase(sent) : std::next(sent);
  }
  Pump();
}

void ChunkDelivery::Pump() {
  while (connected_ && in_flight_.size() < kMaxInFlight && in_flight_bytes_ < kMaxInFlightBytes) {
    absl::StatusOr<std::optional<v1::Chunk>> chunk = spool_.Next(&cursor_);
    if (chunk.ok() && !chunk->has_value()) return;
    if (chunk.ok()) {
      SendChunk(**std::move(chunk));
      continue;
    }
    spdlog::error("the spool cannot be read: {}", std::string(chunk.status().message()));
    if (!std::exchange(retry_posted_, true)) {
      core_.PostDelayed(kReadRetryNs, [this] {
        retry_posted_ = false;
        Pump();
      });
    }
    return;
  }
}

void ChunkDelivery::SendChunk(v1::Chunk chunk) {
  const uint64_t bytes = chunk.payload().size();
  in_flight_.push_back({KeyOf(chunk), chunk.stream(), chunk.sequence(), bytes});
  in_flight_bytes_ += bytes;
  v1::ConnectRequest request;
  *request.mutable_chunk() = std::move(chunk);
  link_.Send(std::move(request));
}

}  // namespace tinyjoule
