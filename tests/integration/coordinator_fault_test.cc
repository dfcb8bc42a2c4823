// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Random faults against the coordinator, one history for each seed: dropped streams, crashes of the
// coordinator, a disk that takes nothing, chunks that come twice, late and in any order, offers
// that nobody answers. Whatever happens:
//   1. what was acknowledged is in the store, with the bytes that were sent;
//   2. an attempt that has ended never changes its state;
//   3. once the faults stop, every run ends, and a run that succeeded has exactly one attempt that
//      did, the one that it names.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random_source.h"
#include "tests/support/coordinator_fixture.h"
#include "tests/support/repetitions.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kSampleChunks = 3;
constexpr int kFaultySteps = 400;
constexpr int kCalmSteps = 4000;

// An agent with a spool: what it made is sent until it is acknowledged.
struct SpoolingAgent {
  std::string name;
  std::unique_ptr<FakeAgentSession> session;
  std::optional<v1::JobSpec> job;
  uint64_t made = 0;
  std::deque<v1::ConnectRequest> spool;
};

class CoordinatorFaultTest : public CoordinatorFixture,
                             public testing::WithParamInterface<uint64_t> {
 protected:
  bool Chance(uint32_t percent) { return random_() % 100 < percent; }
  size_t Below(size_t count) { return static_cast<size_t>(random_() % count); }

  void Connect(SpoolingAgent& agent) {
    agent.session = std::make_unique<FakeAgentSession>(agent.name);
    if (agent.job.has_value()) {
      agent.session->hello.set_active_run_id(agent.job->run_id());
      agent.session->hello.set_active_attempt(agent.job->attempt());
    }
    if (!coordinator_->AttachAgent(*agent.session, agent.session->hello).ok()) {
      agent.session.reset();
    }
  }
  void Disconnect(SpoolingAgent& agent) {
    if (agent.session == nullptr) return;
    coordinator_->OnAgentGone(*agent.session);
    agent.session.reset();
  }
  void CrashAndRestart() {
    Crash();
    // Agents see their streams end.
    for (SpoolingAgent& agent : agents_) agent.session.reset();
    ++crashes_;
    Start();
  }

  void OnAck(SpoolingAgent& agent, const v1::ChunkAck& ack) {
    std::map<uint64_t, std::string> stored;
    const absl::Status status = store_->reads().ReadChunks(
        {ack.run_id(), ack.attempt()}, ack.stream(), [&](const v1::Chunk& chunk) {
          stored[chunk.sequence()] = chunk.payload();
          return absl::OkStatus();
        });
    ASSERT_TRUE(status.ok()) << status;
    for (uint64_t i = 0; i <= ack.sequence(); ++i) {
      ASSERT_EQ(stored.count(i), 1u) << "acknowledged and missing";
    }
    for (auto it = agent.spool.begin(); it != agent.spool.end();) {
      const v1::Chunk& chunk = it->chunk();
      const bool acknowledged =
          chunk.run_id() == ack.run_id() && chunk.attempt() == ack.attempt() &&
          chunk.stream() == ack.stream() && chunk.sequence() <= ack.sequence();
      if (acknowledged) {
        ASSERT_EQ(stored.at(chunk.sequence()), chunk.payload());
        ++acknowledged_;
      }
      it = acknowledged ? agent.spool.erase(it) : it + 1;
    }
  }

  void OnOffer(SpoolingAgent& agent, const v1::JobSpec& job, bool faulty) {
    const bool same = agent.job.has_value() && agent.job->run_id() == job.run_id() &&
                      agent.job->attempt() == job.attempt();
    if (faulty && Chance(5)) return;  // Never answered.
    if ((agent.job.has_value() && !same) || (faulty && Chance(5))) {
      return Say(*agent.session, OfferReplyMessage(job, false, "busy"));
    }
    if (!same) {
      agent.job = job;
      agent.made = 0;
    }
    Say(*agent.session, OfferReplyMessage(job, true));
  }

  void OnCancel(SpoolingAgent& agent, const v1::CancelRun& cancel) {
    if (!agent.job.has_value() || agent.job->run_id() != cancel.run_id() ||
        agent.job->attempt() != cancel.attempt()) {
      return;
    }
    agent.spool.push_back(ResultMessage(*agent.job, agent.made, v1::ATTEMPT_STATE_CANCELLED));
    agent.job.reset();
  }

  void ReadMessages(SpoolingAgent& agent, bool faulty) {
    const std::vector<v1::ConnectResponse> messages = std::exchange(agent.session->received, {});
    for (const v1::ConnectResponse& message : messages) {
      if (message.has_chunk_ack()) OnAck(agent, message.chunk_ack());
      if (message.has_cancel_run()) OnCancel(agent, message.cancel_run());
      if (message.has_offer()) OnOffer(agent, message.offer().job(), faulty);
    }
    if (agent.session->closed.has_value()) Disconnect(agent);
  }

  void MeasureOn(SpoolingAgent& agent) {
    if (!agent.job.has_value() || !Chance(50)) return;
    if (agent.made < kSampleChunks) {
      agent.spool.push_back(ChunkMessage(*agent.job, v1::CHUNK_STREAM_SAMPLES, agent.made,
                                         agent.name + std::to_string(agent.made)));
      ++agent.made;
    } else {
      agent.spool.push_back(ResultMessage(*agent.job, kSampleChunks));
      agent.job.reset();
    }
  }

  void Send(SpoolingAgent& agent, bool faulty) {
    Say(*agent.session, HeartbeatMessage());
    if (agent.spool.empty()) return;
    if (!faulty) {
      for (const v1::ConnectRequest& message : std::deque(agent.spool)) {
        Say(*agent.session, message);
      }
      return;
    }
    // Any of them, so that some come twice and some before their turn.
    for (size_t i = Below(4); i > 0; --i)
      Say(*agent.session, agent.spool[Below(agent.spool.size())]);
  }

  void StepAgent(SpoolingAgent& agent, bool faulty) {
    MeasureOn(agent);
    if (agent.session == nullptr) {
      if (!faulty || Chance(20)) Connect(agent);
    } else if (faulty && Chance(3)) {
      Disconnect(agent);
    }
    if (agent.session != nullptr) Send(agent, faulty);
    if (agent.session != nullptr) ReadMessages(agent, faulty);
  }

  void Step(bool faulty) {
    for (SpoolingAgent& agent : agents_) StepAgent(agent, faulty);
    if (faulty && Chance(2)) store_->set_fault(absl::ResourceExhaustedError("disk full"));
    if (!faulty || Chance(30)) store_->set_fault(absl::OkStatus());
    // At least once in every history.
    if (faulty && (Chance(1) || ++steps_ == kFaultySteps / 8)) {
      store_->set_fault(absl::OkStatus());
      CrashAndRestart();
    }
    runner_.AdvanceAndRun(static_cast<int64_t>(Below(2000)) * kNsPerMs);
    executor_->FinishAll();
    CheckAttempts();
  }

  void CheckAttempts() {
    const auto runs = store_->reads().ListRuns(sweep_, 0, 1000);
    for (const RunRecord& record : *runs) {
      const auto attempts = store_->reads().ListAttempts(record.run.run_id());
      for (const AttemptRecord& attempt : *attempts) {
        v1::AttemptState& known = ended_[attempt.key];
        if (known != v1::ATTEMPT_STATE_UNSPECIFIED) {
          ASSERT_EQ(attempt.state, known);
        }
        known = attempt.state;
      }
    }
  }

  void CheckRun(const v1::Run& run) {
    EXPECT_NE(run.state(), v1::RUN_STATE_WAITING);
    std::vector<uint32_t> succeeded;
    const auto attempts = store_->reads().ListAttempts(run.run_id());
    for (const AttemptRecord& attempt : *attempts) {
      EXPECT_NE(attempt.state, v1::ATTEMPT_STATE_UNSPECIFIED);
      if (attempt.state == v1::ATTEMPT_STATE_SUCCEEDED) succeeded.push_back(attempt.key.attempt);
    }
    if (run.state() == v1::RUN_STATE_SUCCEEDED) {
      EXPECT_EQ(succeeded, std::vector<uint32_t>{run.attempt()});
      EXPECT_EQ(
          store_->reads().GetExtent({run.run_id(), run.attempt()}, v1::CHUNK_STREAM_SAMPLES)->count,
          kSampleChunks);
    } else {
      EXPECT_TRUE(succeeded.empty());
    }
  }

  SeededRandom random_{GetParam()};
  std::vector<SpoolingAgent> agents_;
  std::string sweep_;
  std::map<AttemptKey, v1::AttemptState> ended_;
  int steps_ = 0;
  int crashes_ = 0;
  int acknowledged_ = 0;
};

TEST_P(CoordinatorFaultTest, KeepsItsPromises) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  Start();
  for (const char* name : {"pi-1", "pi-2", "pi-3"}) {
    agents_.emplace_back().name = name;
    Connect(agents_.back());
  }
  const bool any = GetParam() % 2 == 0;
  sweep_ = Submit(Yaml(
      "faults", 3,
      std::string("agents: {placement: ") + (any ? "any" : "each") + "}\nmeasure: {repeat: 2}\n"));
  for (int i = 0; i < kFaultySteps && !HasFatalFailure(); ++i) Step(true);
  store_->set_fault(absl::OkStatus());
  int calm = 0;
  const auto finished = [&] {
    return store_->reads().GetSweep(sweep_)->state != v1::SWEEP_STATE_RUNNING;
  };
  while (calm < kCalmSteps && !finished() && !HasFatalFailure()) {
    Step(false);
    ++calm;
  }
  ASSERT_TRUE(finished()) << GetSweep(sweep_).ShortDebugString();
  const auto runs = store_->reads().ListRuns(sweep_, 0, 1000);
  // Anywhere, the reference trial comes once a block on every agent.
  EXPECT_EQ(runs->size(), any ? 8u + 2 * 3 : 24u);
  for (const RunRecord& record : *runs) CheckRun(record.run);
  EXPECT_GT(acknowledged_, 0);
  EXPECT_GT(crashes_, 0);
  RecordProperty("crashes", crashes_);
  RecordProperty("store_faults", store_->faults_fired());
}

INSTANTIATE_TEST_SUITE_P(Seeds, CoordinatorFaultTest,
                         testing::Range<uint64_t>(1, 1 + Repetitions(100)));

}  // namespace
}  // namespace tinyjoule
