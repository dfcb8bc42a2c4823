// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_FAKE_AGENT_H_
#define TESTS_BENCH_FAKE_AGENT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/task_runner.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/client_callback.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"

namespace tinyjoule {

// What all fake agents of a bench have measured. Used on their sequence.
struct LinkFigures {
  // From the chunk's hand-over to gRPC to its acknowledgement.
  std::vector<int64_t> acknowledgement_ns;
  // From the hand-over of a run's last chunk to the next offer.
  std::vector<int64_t> next_offer_ns;
  uint64_t sent_chunks = 0;
  uint64_t sent_samples = 0;
  uint64_t finished_runs = 0;
  uint64_t broken_streams = 0;
};

// An agent without sensor and runner, over a real gRPC stream: takes every offer and sends
// `seconds` chunks of one second's samples, one a second, and the result. With 0 seconds the
// result comes at once. Everything happens on one sequence that all agents share.
class FakeAgent final : public grpc::ClientBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  struct Options {
    std::string name;
    std::string address;
    int seconds = 0;
    int samples_per_second = 209;
  };
  // Everything outlives the agent.
  FakeAgent(Options options, TaskRunner& sequence, Clock& clock, LinkFigures& figures);

  void Connect();
  // Ends the stream; WaitUntilDisconnected says when.
  void Disconnect();
  // Blocks; not on the sequence.
  void WaitUntilDisconnected();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  void Take(const v1::ConnectResponse& message);
  void TakeOffer(const v1::JobSpec& job);
  void TakeAck(const v1::ChunkAck& ack);
  void SendSamples(const v1::JobSpec& job, int second);
  void SendResult(const v1::JobSpec& job);
  void SendChunk(const v1::JobSpec& job, v1::ChunkStream stream, uint64_t sequence,
                 std::string payload);
  void SendHeartbeat();
  void Send(v1::ConnectRequest message);
  void WriteNext();

  const Options options_;
  TaskRunner& sequence_;
  Clock& clock_;
  LinkFigures& figures_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AgentLinkService::Stub> stub_;
  grpc::ClientContext context_;
  v1::ConnectResponse incoming_;
  std::deque<v1::ConnectRequest> outgoing_;
  bool writing_ = false;
  bool closing_ = false;
  int64_t run_start_ns_ = 0;
  int64_t result_sent_ns_ = 0;
  // By (stream, sequence) of the run that is on.
  std::map<std::pair<int, uint64_t>, int64_t> sent_ns_;
  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tinyjoule

#endif  // TESTS_BENCH_FAKE_AGENT_H_
