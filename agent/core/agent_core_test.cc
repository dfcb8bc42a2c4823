// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/agent_core.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/agent_core_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(AgentCoreTest, SaysWhoItIs) {
  const v1::Hello hello = agent_->MakeHello();
  EXPECT_EQ(hello.agent_name(), "pi-1");
  EXPECT_EQ(hello.labels().at("room"), "lab");
  EXPECT_EQ(hello.sensor().uri(), "fake:");
  EXPECT_THAT(hello.engines(), ElementsAre("xnnpack"));
  EXPECT_EQ(hello.active_run_id(), "");
}

TEST_F(AgentCoreTest, MeasuresAnOfferAndDeliversItWhole) {
  link_.Connect();
  link_.Offer(Job("r1"));
  EXPECT_TRUE(link_.Replies().at(0).accepted());
  EXPECT_EQ(agent_->MakeHello().active_run_id(), "r1");
  Measure();
  const std::vector<v1::Chunk> chunks = link_.SentChunks();
  const v1::RunResult result = ResultOf(chunks.back());
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  uint64_t samples = 0;
  uint64_t predictions = 0;
  for (const v1::Chunk& chunk : chunks) {
    if (chunk.stream() == v1::CHUNK_STREAM_RESULT) continue;
    uint64_t& next = chunk.stream() == v1::CHUNK_STREAM_SAMPLES ? samples : predictions;
    EXPECT_EQ(chunk.sequence(), next++);
  }
  EXPECT_EQ(result.sample_chunks(), samples);
  EXPECT_EQ(result.prediction_chunks(), predictions);
  EXPECT_FALSE(spool_->empty());
  AcknowledgeAll();
  EXPECT_TRUE(spool_->empty());
  EXPECT_FALSE(agent_->busy());
  EXPECT_FALSE(source_.running()) << "nobody watches and nothing is measured";
}

TEST_F(AgentCoreTest, DeclinesWhileBusy) {
  link_.Connect();
  link_.Offer(Job("r1"));
  link_.Offer(Job("r2"));
  EXPECT_THAT(LastRefusal(), HasSubstr("busy with r1/1"));
  Measure();
  link_.Offer(Job("r2"));
  EXPECT_TRUE(link_.Replies().back().accepted()) << "delivered or not";
}

TEST_F(AgentCoreTest, ARepeatedOfferIsAcceptedAgainAndRunsOnce) {
  link_.Connect();
  link_.Offer(Job("r1"));
  link_.Offer(Job("r1"));
  Measure();
  link_.Offer(Job("r1"));
  AcknowledgeAll();
  link_.Offer(Job("r1"));
  Measure();
  ASSERT_THAT(link_.Replies(), SizeIs(4));
  for (const v1::OfferReply& reply : link_.Replies()) EXPECT_TRUE(reply.accepted());
  EXPECT_EQ(runner_.launched(), 1);
  link_.Offer(Job("r1", 2));
  Measure();
  EXPECT_EQ(runner_.launched(), 2) << "another attempt is another measurement";
}

TEST_F(AgentCoreTest, DeclinesWhatItCannotDo) {
  link_.Connect();
  v1::JobSpec job = Job("r1");
  job.set_engine(v1::ENGINE_TORCH);
  link_.Offer(job);
  EXPECT_THAT(LastRefusal(), HasSubstr("ENGINE_TORCH"));
  job = Job("r1");
  job.set_power_required(true);
  link_.Offer(job);
  EXPECT_THAT(LastRefusal(), HasSubstr("real sensor"));
  job = Job("../../etc");
  link_.Offer(job);
  EXPECT_THAT(LastRefusal(), HasSubstr("run_id"));
  source_.start_error = absl::UnavailableError("no device on the bus");
  link_.Offer(Job("r1"));
  EXPECT_THAT(LastRefusal(), HasSubstr("no device on the bus"));
  EXPECT_TRUE(spool_->empty());
  EXPECT_EQ(runner_.launched(), 0);
}

TEST_F(AgentCoreTest, DeclinesWhenTheSpoolOrTheDiskIsFull) {
  spool_options_.limit_bytes = 3000;
  StartAgent();
  link_.Connect();
  link_.Offer(Job("r1"));
  Measure();
  link_.Offer(Job("r2"));
  EXPECT_THAT(LastRefusal(), HasSubstr("90 %"));
  AcknowledgeAll();
  files_.FailWritesAfter(0, absl::ResourceExhaustedError("No space left on device"));
  link_.Offer(Job("r3"));
  EXPECT_THAT(LastRefusal(), HasSubstr("No space left on device"));
  EXPECT_FALSE(source_.running());
}

TEST_F(AgentCoreTest, WithoutSensorOrWithPowerNoneItSaysWhyThereIsNoEnergy) {
  link_.Connect();
  v1::JobSpec job = Job("r1");
  job.set_power_source(v1::POWER_SOURCE_NONE);
  link_.Offer(job);
  Measure();
  EXPECT_THAT(ResultOf(link_.SentChunks().back()).energy_absent_reason(),
              HasSubstr("power.source"));
  has_sensor_ = false;
  StartAgent();
  link_.Connect();
  EXPECT_EQ(agent_->MakeHello().sensor().kind(), "none");
  link_.Offer(Job("r2"));
  Measure();
  EXPECT_THAT(ResultOf(link_.SentChunks().back()).energy_absent_reason(), HasSubstr("none:"));
}

TEST_F(AgentCoreTest, CancelStopsTheRun) {
  link_.Connect();
  link_.Offer(Job("r1"));
  v1::ConnectResponse message;
  message.mutable_cancel_run()->set_run_id("other");
  message.mutable_cancel_run()->set_attempt(1);
  link_.Deliver(message);
  message.mutable_cancel_run()->set_run_id("r1");
  link_.Deliver(message);
  Measure();
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_CANCELLED);
}

TEST_F(AgentCoreTest, ShutdownEndsTheRunAndWaitsForTheDelivery) {
  link_.Connect();
  link_.Offer(Job("r1"));
  bool done = false;
  agent_->Shutdown(9 * kNsPerSecond, [&done] { done = true; });
  Measure();
  const v1::RunResult result = ResultOf(link_.SentChunks().back());
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_LOST);
  EXPECT_THAT(result.reason(), HasSubstr("stopped"));
  core_.AdvanceAndRun(kNsPerSecond);
  EXPECT_FALSE(done) << "the result is not acknowledged";
  AcknowledgeAll();
  core_.AdvanceAndRun(kNsPerSecond);
  EXPECT_TRUE(done);
  EXPECT_TRUE(link_.stopped);
}

TEST_F(AgentCoreTest, ShutdownDoesNotWaitForEver) {
  link_.Connect();
  link_.Offer(Job("r1"));
  Measure();
  bool done = false;
  agent_->Shutdown(9 * kNsPerSecond, [&done] { done = true; });
  core_.AdvanceAndRun(9 * kNsPerSecond);
  EXPECT_TRUE(done);
  EXPECT_FALSE(spool_->empty());
}

}  // namespace
}  // namespace tinyjoule
