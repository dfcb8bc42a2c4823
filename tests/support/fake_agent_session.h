// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_AGENT_SESSION_H_
#define TESTS_SUPPORT_FAKE_AGENT_SESSION_H_

#include <optional>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "server/core/agent_session.h"
#include "server/core/coordinator.h"

namespace tinyjoule {

// An agent without a network: the test decides what it says, and sees what it is told.
class FakeAgentSession final : public AgentSession {
 public:
  explicit FakeAgentSession(std::string agent_name) : name(std::move(agent_name)) {
    hello.set_protocol_min(1);
    hello.set_protocol_max(1);
    hello.set_agent_name(name);
    hello.set_installation_id("installation-" + name);
    hello.set_board("rpi4");
    hello.mutable_sensor()->set_kind("simulated");
    hello.mutable_sensor()->set_simulated(true);
    hello.add_engines("xnnpack");
    hello.add_engines("reference");
  }

  void Send(const v1::ConnectResponse& message) override { received.push_back(message); }
  void Close(const absl::Status& status) override { closed = status; }

  // Offers that came and were not taken yet, newest last.
  std::vector<v1::JobSpec> TakeOffers() {
    std::vector<v1::JobSpec> jobs;
    for (const v1::ConnectResponse& message : received) {
      if (message.has_offer()) jobs.push_back(message.offer().job());
    }
    received.clear();
    return jobs;
  }
  // The last acknowledgement of the stream; nothing when there was none.
  std::optional<uint64_t> LastAck(const v1::JobSpec& job, v1::ChunkStream stream) const {
    std::optional<uint64_t> sequence;
    for (const v1::ConnectResponse& message : received) {
      const v1::ChunkAck& ack = message.chunk_ack();
      if (message.has_chunk_ack() && ack.run_id() == job.run_id() &&
          ack.attempt() == job.attempt() && ack.stream() == stream) {
        sequence = ack.sequence();
      }
    }
    return sequence;
  }
  std::vector<v1::CancelRun> Cancels() const {
    std::vector<v1::CancelRun> cancels;
    for (const v1::ConnectResponse& message : received) {
      if (message.has_cancel_run()) cancels.push_back(message.cancel_run());
    }
    return cancels;
  }

  const std::string name;
  v1::Hello hello;
  std::vector<v1::ConnectResponse> received;
  std::optional<absl::Status> closed;
};

inline v1::ConnectRequest OfferReplyMessage(const v1::JobSpec& job, bool accepted,
                                            const std::string& reason = "") {
  v1::ConnectRequest message;
  v1::OfferReply& reply = *message.mutable_offer_reply();
  reply.set_run_id(job.run_id());
  reply.set_attempt(job.attempt());
  reply.set_accepted(accepted);
  reply.set_reason(reason);
  return message;
}

inline v1::ConnectRequest ChunkMessage(const v1::JobSpec& job, v1::ChunkStream stream,
                                       uint64_t sequence, const std::string& payload) {
  v1::ConnectRequest message;
  v1::Chunk& chunk = *message.mutable_chunk();
  chunk.set_run_id(job.run_id());
  chunk.set_attempt(job.attempt());
  chunk.set_stream(stream);
  chunk.set_sequence(sequence);
  chunk.set_payload(payload);
  chunk.set_crc32c(Crc32c(payload));
  return message;
}

// A result that announces so many chunks.
inline v1::ConnectRequest ResultMessage(const v1::JobSpec& job, uint64_t sample_chunks,
                                        v1::AttemptState state = v1::ATTEMPT_STATE_SUCCEEDED) {
  v1::RunResult result;
  result.set_state(state);
  result.set_sample_chunks(sample_chunks);
  if (state != v1::ATTEMPT_STATE_SUCCEEDED) result.set_reason("said so");
  return ChunkMessage(job, v1::CHUNK_STREAM_RESULT, 0, result.SerializeAsString());
}

inline v1::ConnectRequest HeartbeatMessage() {
  v1::ConnectRequest message;
  message.mutable_heartbeat();
  return message;
}

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_AGENT_SESSION_H_
