// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Offers, leases, chunks and results, through the facade.
#include "absl/strings/match.h"
#include "tests/support/coordinator_fixture.h"

namespace tinyjoule {
namespace {

constexpr int64_t kSecond = kNsPerSecond;

class CoordinatorRunsTest : public CoordinatorFixture {
 protected:
  // One sweep with one run, trained, offered to pi_.
  void OfferOne(const std::string& more = kAnywhere) {
    Start();
    Attach(pi_);
    sweep_ = Submit(Yaml("one", 0, more));
    executor_->FinishAll();
    job_ = TakeOffer(pi_);
  }

  FakeAgentSession pi_{"pi"};
  FakeAgentSession other_{"other"};
  std::string sweep_;
  v1::JobSpec job_;
};

TEST_F(CoordinatorRunsTest, ARunGoesFromOfferToResult) {
  OfferOne();
  EXPECT_EQ(job_.attempt(), 1u);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_OFFERED);
  EXPECT_TRUE(artifacts_->Has(job_.model_sha256()));
  EXPECT_TRUE(artifacts_->Has(job_.inputs_sha256()));
  Measure(pi_, job_);
  const v1::Run run = GetRun(job_.run_id());
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(run.agent().name(), "pi");
  EXPECT_EQ(run.result().sample_chunks(), 2u);
  EXPECT_TRUE(run.assembly().valid());
  EXPECT_FALSE(run.outcome().model().sha256().empty());
  EXPECT_EQ(GetAttempt(job_).state, v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_EQ(GetSweep(sweep_).state(), v1::SWEEP_STATE_SUCCEEDED);
}

TEST_F(CoordinatorRunsTest, NothingIsAcknowledgedBeforeItsCommit) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  store_->set_fault(absl::ResourceExhaustedError("no space left on device"));
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
  Flush();
  EXPECT_GT(store_->faults_fired(), 0);
  EXPECT_FALSE(pi_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES).has_value());
  ASSERT_TRUE(pi_.closed.has_value());
  EXPECT_EQ(pi_.closed->code(), absl::StatusCode::kResourceExhausted);
  // Reads go on, and once there is space the agent delivers.
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_RUNNING);
  store_->set_fault(absl::OkStatus());
  coordinator_->OnAgentGone(pi_);
  pi_.hello.set_active_run_id(job_.run_id());
  pi_.hello.set_active_attempt(job_.attempt());
  Attach(pi_);
  Measure(pi_, job_);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
}

TEST_F(CoordinatorRunsTest, ChunksOfOneTurnShareACommit) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  const int before = store_->commits();
  for (uint64_t i = 0; i < 50; ++i) {
    Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, i, "x"));
  }
  Flush();
  EXPECT_EQ(store_->commits(), before + 1);
  EXPECT_EQ(pi_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES), 49u);
}

TEST_F(CoordinatorRunsTest, AHoleHoldsTheAcknowledgementBack) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 2, "two"));
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
  Flush();
  EXPECT_EQ(pi_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES), 0u);
  // The result alone does not complete the run.
  Say(pi_, ResultMessage(job_, 3));
  Flush();
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_RUNNING);
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 1, "one"));
  Flush();
  EXPECT_EQ(pi_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES), 2u);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
}

TEST_F(CoordinatorRunsTest, ADuplicateIsAcknowledgedAgainAndCountsOnce) {
  OfferOne();
  Measure(pi_, job_);
  pi_.received.clear();
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
  Say(pi_, ResultMessage(job_, 2));
  Flush();
  EXPECT_EQ(pi_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES), 1u);
  EXPECT_EQ(pi_.LastAck(job_, v1::CHUNK_STREAM_RESULT), 0u);
  EXPECT_EQ(assembler_.calls, 1);
  EXPECT_EQ(store_->reads().GetExtent({job_.run_id(), 1}, v1::CHUNK_STREAM_SAMPLES)->count, 2u);
  EXPECT_FALSE(GetAttempt(job_).late_result);
}

TEST_F(CoordinatorRunsTest, OtherBytesUnderAKeyAreKeptApartAndFlagged) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "ZERO"));
  Say(pi_, ResultMessage(job_, 1));
  Flush();
  std::string stored;
  ASSERT_TRUE(store_->reads()
                  .ReadChunks({job_.run_id(), 1}, v1::CHUNK_STREAM_SAMPLES,
                              [&](const v1::Chunk& chunk) {
                                stored += chunk.payload();
                                return absl::OkStatus();
                              })
                  .ok());
  EXPECT_EQ(stored, "zero");
  const v1::Run run = GetRun(job_.run_id());
  EXPECT_EQ(run.delivery().chunks(), 2u);
  EXPECT_EQ(run.delivery().conflicting_chunks(), 1u);
  EXPECT_EQ(run.delivery().duplicate_chunks(), 0u);
}

TEST_F(CoordinatorRunsTest, RepeatedChunksAreACountOfTheRun) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  for (int i = 0; i < 3; ++i) {
    Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
    Flush();
  }
  Say(pi_, ResultMessage(job_, 1));
  Flush();
  const v1::Run run = GetRun(job_.run_id());
  EXPECT_EQ(run.delivery().chunks(), 2u);
  EXPECT_EQ(run.delivery().duplicate_chunks(), 2u);
}

TEST_F(CoordinatorRunsTest, ADamagedChunkEndsTheStream) {
  OfferOne();
  v1::ConnectRequest message = ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero");
  message.mutable_chunk()->set_crc32c(1);
  Say(pi_, message);
  Flush();
  ASSERT_TRUE(pi_.closed.has_value());
  EXPECT_EQ(pi_.closed->code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(pi_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES).has_value());
}

TEST_F(CoordinatorRunsTest, AnAgentCannotWriteIntoAnothersAttempt) {
  OfferOne();
  Attach(other_);
  Say(other_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "forged"));
  Flush();
  EXPECT_FALSE(other_.LastAck(job_, v1::CHUNK_STREAM_SAMPLES).has_value());
  EXPECT_EQ(store_->reads().GetExtent({job_.run_id(), 1}, v1::CHUNK_STREAM_SAMPLES)->count, 0u);
}

TEST_F(CoordinatorRunsTest, AnInvalidMeasurementIsKeptAndSaysWhy) {
  OfferOne();
  assembler_.valid = false;
  Measure(pi_, job_);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_INVALID);
  EXPECT_EQ(GetRun(job_.run_id()).reason(), "CLIPPED");
  EXPECT_EQ(GetAttempt(job_).state, v1::ATTEMPT_STATE_INVALID);
  EXPECT_EQ(GetSweep(sweep_).state(), v1::SWEEP_STATE_FAILED);
}

TEST_F(CoordinatorRunsTest, DataThatCannotBeUsedFailsTheRun) {
  OfferOne();
  assembler_.failure = absl::InvalidArgumentError("samples 3 cannot be decoded");
  Measure(pi_, job_);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_FAILED);
  EXPECT_TRUE(absl::StrContains(GetRun(job_.run_id()).reason(), "samples 3 cannot be decoded"));
}

TEST_F(CoordinatorRunsTest, AFailureOfTheRunnerIsNotTriedAgainByItself) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  Say(pi_, ResultMessage(job_, 0, v1::ATTEMPT_STATE_FAILED));
  Flush();
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(GetRun(job_.run_id()).reason(), "said so");
  EXPECT_TRUE(pi_.TakeOffers().empty());
}

TEST_F(CoordinatorRunsTest, AnUnansweredOfferIsWithdrawnAndTriesAreCounted) {
  OfferOne();
  for (uint32_t attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(job_.attempt(), attempt);
    PassTime(12 * kSecond, {&pi_});
    ASSERT_FALSE(pi_.Cancels().empty());
    EXPECT_EQ(pi_.Cancels().front().attempt(), attempt);
    EXPECT_EQ(GetAttempt(job_).state, v1::ATTEMPT_STATE_LOST);
    const auto offers = pi_.TakeOffers();
    ASSERT_EQ(offers.size(), attempt < 3 ? 1u : 0u);
    if (!offers.empty()) job_ = offers.back();
  }
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_LOST);
  EXPECT_TRUE(absl::StrContains(GetRun(job_.run_id()).reason(), "pi did not answer the offer"));
  EXPECT_EQ(GetSweep(sweep_).state(), v1::SWEEP_STATE_FAILED);
}

TEST_F(CoordinatorRunsTest, ADeclinedOfferComesBackLaterAndIsNotCounted) {
  OfferOne();
  for (int i = 0; i < 5; ++i) {
    Say(pi_, OfferReplyMessage(job_, false, "spool 90 % full"));
    EXPECT_TRUE(pi_.TakeOffers().empty());
    EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_WAITING);
    EXPECT_EQ(GetSweep(sweep_).waiting_for(), "pi declined: spool 90 % full");
    PassTime((5LL << i) * kSecond + kSecond, {&pi_});
    job_ = TakeOffer(pi_);
  }
  Measure(pi_, job_);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
}

TEST_F(CoordinatorRunsTest, ADropInMidRunKeepsTheLease) {
  OfferOne();
  Attach(other_);
  Say(pi_, OfferReplyMessage(job_, true));
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
  Flush();
  coordinator_->OnAgentGone(pi_);
  PassTime(20 * kSecond, {&other_});
  EXPECT_TRUE(other_.TakeOffers().empty());
  pi_.hello.set_active_run_id(job_.run_id());
  pi_.hello.set_active_attempt(job_.attempt());
  pi_.received.clear();
  Attach(pi_);
  EXPECT_TRUE(pi_.TakeOffers().empty());
  PassTime(60 * kSecond, {&pi_, &other_});
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_RUNNING);
  Measure(pi_, job_);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(GetRun(job_.run_id()).attempt(), 1u);
}

TEST_F(CoordinatorRunsTest, AnAbsentAgentsRunIsTakenOverAndItsLateResultSuperseded) {
  OfferOne();
  Attach(other_);
  Say(pi_, OfferReplyMessage(job_, true));
  Flush();
  coordinator_->OnAgentGone(pi_);
  PassTime(32 * kSecond, {&other_});
  EXPECT_EQ(GetAttempt(job_).state, v1::ATTEMPT_STATE_LOST);
  const v1::JobSpec second = TakeOffer(other_);
  EXPECT_EQ(second.run_id(), job_.run_id());
  EXPECT_EQ(second.attempt(), 2u);
  Say(other_, OfferReplyMessage(second, true));
  // The first agent comes back with its measurement: stored, acknowledged, and not official.
  pi_.received.clear();
  Attach(pi_);
  Say(pi_, ChunkMessage(job_, v1::CHUNK_STREAM_SAMPLES, 0, "late"));
  Say(pi_, ResultMessage(job_, 1));
  Flush();
  EXPECT_EQ(pi_.LastAck(job_, v1::CHUNK_STREAM_RESULT), 0u);
  EXPECT_EQ(GetAttempt(job_).state, v1::ATTEMPT_STATE_LOST);
  EXPECT_TRUE(GetAttempt(job_).late_result);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_RUNNING);
  Measure(other_, second);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(GetRun(job_.run_id()).agent().name(), "other");
}

TEST_F(CoordinatorRunsTest, ARunOfAnAbsentAgentAloneWaitsForItAndIsDelivered) {
  OfferOne("measure: {repeat: 1}\n");
  Say(pi_, OfferReplyMessage(job_, true));
  coordinator_->OnAgentGone(pi_);
  runner_.AdvanceAndRun(3600 * kSecond);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_RUNNING);
  Attach(pi_);
  Measure(pi_, job_);
  EXPECT_EQ(GetRun(job_.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(GetRun(job_.run_id()).attempt(), 1u);
}

TEST_F(CoordinatorRunsTest, AnAgentThatForgotItsRunLosesTheLease) {
  OfferOne();
  Say(pi_, OfferReplyMessage(job_, true));
  coordinator_->OnAgentGone(pi_);
  pi_.received.clear();
  Attach(pi_);  // After a restart: it names no active run.
  PassTime(32 * kSecond, {&pi_});
  EXPECT_EQ(GetAttempt(job_).state, v1::ATTEMPT_STATE_LOST);
  EXPECT_EQ(TakeOffer(pi_).attempt(), 2u);
}

TEST_F(CoordinatorRunsTest, AnUnconfirmedOfferIsSentAgainAfterAReconnect) {
  OfferOne();
  coordinator_->OnAgentGone(pi_);
  pi_.received.clear();
  Attach(pi_);
  const v1::JobSpec again = TakeOffer(pi_);
  EXPECT_EQ(again.run_id(), job_.run_id());
  EXPECT_EQ(again.attempt(), job_.attempt());
}

TEST_F(CoordinatorRunsTest, AnAgentWithAnEndedAttemptIsToldToStop) {
  OfferOne();
  Measure(pi_, job_);
  coordinator_->OnAgentGone(pi_);
  pi_.hello.set_active_run_id(job_.run_id());
  pi_.hello.set_active_attempt(job_.attempt());
  pi_.received.clear();
  Attach(pi_);
  ASSERT_EQ(pi_.Cancels().size(), 1u);
  EXPECT_TRUE(pi_.Cancels()[0].now());
}

TEST_F(CoordinatorRunsTest, ASilentAgentIsDisconnected) {
  OfferOne();
  runner_.AdvanceAndRun(17 * kSecond);
  ASSERT_TRUE(pi_.closed.has_value());
  EXPECT_EQ(pi_.closed->code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CoordinatorRunsTest, TheNextOfferLeavesInTheTurnOfTheCommit) {
  OfferOne("agents: {placement: any}\nmeasure: {repeat: 2}\n");
  Say(pi_, OfferReplyMessage(job_, true));
  Say(pi_, ResultMessage(job_, 0));
  pi_.received.clear();
  const int64_t before = clock_.MonotonicNs();
  Flush();
  EXPECT_EQ(pi_.TakeOffers().size(), 1u);
  EXPECT_LT(clock_.MonotonicNs() - before, 50 * kNsPerMs);
}

TEST_F(CoordinatorRunsTest, AMissingArtifactFailsItsRunWithTheFilesName) {
  Start();
  sweep_ = Submit(Yaml("gone", 0, kAnywhere));
  executor_->FinishAll();
  const auto tasks = store_->reads().ListTasks(sweep_);
  const std::string path = artifacts_->PathOf(tasks->front().outcome.model().sha256());
  ASSERT_TRUE(files_.RemoveFile(path).ok());
  Attach(pi_);
  EXPECT_TRUE(pi_.TakeOffers().empty());
  const auto runs = store_->reads().ListRuns(sweep_, 0, 10);
  EXPECT_EQ(runs->front().run.state(), v1::RUN_STATE_FAILED);
  EXPECT_TRUE(absl::StrContains(runs->front().run.reason(), path));
}

TEST_F(CoordinatorRunsTest, HeartbeatsAreAnsweredWithTheTimeAndTellTheClocksOffset) {
  Start();
  Attach(pi_);
  v1::ConnectRequest message = HeartbeatMessage();
  message.mutable_heartbeat()->set_sent_mono_ns(77);
  Say(pi_, message);
  const v1::Heartbeat answer = pi_.received.back().heartbeat();
  EXPECT_EQ(answer.sent_mono_ns(), 77);
  EXPECT_EQ(answer.received_utc_ns(), clock_.UtcNs());
  EXPECT_EQ(answer.answered_utc_ns(), clock_.UtcNs());
  EXPECT_FALSE(coordinator_->ListAgents({})->agents(0).has_clock_offset_ns());
  message.mutable_heartbeat()->set_clock_offset_ns(-3'000'000);
  message.mutable_heartbeat()->set_round_trip_ns(500'000);
  Say(pi_, message);
  EXPECT_EQ(coordinator_->ListAgents({})->agents(0).clock_offset_ns(), -3'000'000);
  EXPECT_EQ(coordinator_->ListAgents({})->agents(0).clock_round_trip_ns(), 500'000);
  coordinator_->OnAgentGone(pi_);
  EXPECT_FALSE(coordinator_->ListAgents({})->agents(0).has_clock_offset_ns());
}

TEST_F(CoordinatorRunsTest, AgentsAreToldApartAndChecked) {
  Start();
  Attach(pi_);
  FakeAgentSession twin("pi");
  twin.hello.set_installation_id("another machine");
  EXPECT_EQ(coordinator_->AttachAgent(twin, twin.hello).code(),
            absl::StatusCode::kFailedPrecondition);
  FakeAgentSession old("old");
  old.hello.set_protocol_min(2);
  old.hello.set_protocol_max(2);
  EXPECT_EQ(coordinator_->AttachAgent(old, old.hello).code(),
            absl::StatusCode::kFailedPrecondition);
  FakeAgentSession odd("../odd");
  EXPECT_EQ(coordinator_->AttachAgent(odd, odd.hello).code(), absl::StatusCode::kInvalidArgument);
  FakeAgentSession again("pi");
  Attach(again);
  ASSERT_TRUE(pi_.closed.has_value());
  coordinator_->OnAgentGone(pi_);  // Of the replaced session: changes nothing.
  EXPECT_TRUE(coordinator_->ListAgents({})->agents(0).connected());
}

}  // namespace
}  // namespace tinyjoule
