// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_COORDINATOR_LINK_H_
#define TESTS_SUPPORT_FAKE_COORDINATOR_LINK_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/artifact_cache.h"
#include "agent/core/coordinator_link.h"
#include "common/energy/attempt_key.h"

namespace tinyjoule {

// A coordinator in the test's hands, without a network.
class FakeCoordinatorLink final : public CoordinatorLink {
 public:
  void Start(Listener& listener) override { listener_ = &listener; }
  void Send(v1::ConnectRequest message) override {
    if (connected_) sent.push_back(std::move(message));
  }
  void Stop() override { stopped = true; }

  void Connect() {
    connected_ = true;
    listener_->OnConnected({});
  }
  void Disconnect() {
    connected_ = false;
    listener_->OnDisconnected(absl::UnavailableError("the test pulled the plug"));
  }
  void Offer(const v1::JobSpec& job) {
    v1::ConnectResponse message;
    *message.mutable_offer()->mutable_job() = job;
    listener_->OnMessage(message);
  }
  void Acknowledge(const v1::Chunk& chunk) {
    v1::ConnectResponse message;
    v1::ChunkAck& ack = *message.mutable_chunk_ack();
    ack.set_run_id(chunk.run_id());
    ack.set_attempt(chunk.attempt());
    ack.set_stream(chunk.stream());
    ack.set_sequence(chunk.sequence());
    listener_->OnMessage(message);
  }
  void Deliver(const v1::ConnectResponse& message) { listener_->OnMessage(message); }

  std::vector<v1::Chunk> SentChunks() const {
    std::vector<v1::Chunk> chunks;
    for (const v1::ConnectRequest& message : sent) {
      if (message.has_chunk()) chunks.push_back(message.chunk());
    }
    return chunks;
  }
  std::vector<v1::OfferReply> Replies() const {
    std::vector<v1::OfferReply> replies;
    for (const v1::ConnectRequest& message : sent) {
      if (message.has_offer_reply()) replies.push_back(message.offer_reply());
    }
    return replies;
  }

  std::vector<v1::ConnectRequest> sent;
  bool stopped = false;

 private:
  Listener* listener_ = nullptr;
  bool connected_ = false;
};

// Artifacts from memory; can break off after some bytes.
class FakeArtifactSource final : public ArtifactSource {
 public:
  std::map<std::string, std::string> artifacts;
  // The next fetches break off, each after so many bytes.
  std::vector<size_t> break_after;
  std::vector<uint64_t> offsets;

  absl::Status Fetch(const std::string& sha256, uint64_t offset, const Taker& take) override {
    offsets.push_back(offset);
    const auto found = artifacts.find(sha256);
    if (found == artifacts.end()) return absl::NotFoundError("no such artifact");
    const std::string rest = found->second.substr(std::min<size_t>(offset, found->second.size()));
    if (break_after.empty()) return take(rest);
    const size_t count = break_after.front();
    break_after.erase(break_after.begin());
    if (absl::Status status = take(rest.substr(0, count)); !status.ok()) return status;
    return absl::UnavailableError("the connection broke");
  }
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_COORDINATOR_LINK_H_
