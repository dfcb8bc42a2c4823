// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What an agent measured reaches the coordinator whole: through lost connections, restarts and full
// disks.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/core/chunk_delivery.h"
#include "agent/core/job_runner.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/agent_core_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(AgentCoreTest, AnOfflineAgentFinishesAndDeliversLater) {
  link_.Connect();
  link_.Offer(Job("r1"));
  link_.Disconnect();
  Measure();
  EXPECT_THAT(link_.SentChunks(), SizeIs(0));
  link_.Connect();
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_SUCCEEDED);
}

TEST_F(AgentCoreTest, AfterAReconnectionTheFirstUnacknowledgedComesFirst) {
  link_.Connect();
  link_.Offer(Job("r1"));
  Measure();
  const std::vector<v1::Chunk> first = link_.SentChunks();
  ASSERT_GT(first.size(), 3u);
  link_.Acknowledge(first[0]);
  link_.Acknowledge(first[1]);
  link_.Disconnect();
  link_.sent.clear();
  link_.Connect();
  const std::vector<v1::Chunk> again = link_.SentChunks();
  ASSERT_EQ(again.size(), first.size() - 2);
  for (size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].SerializeAsString(), first[i + 2].SerializeAsString());
  }
}

TEST_F(AgentCoreTest, ASilentCoordinatorGetsABoundedNumberOfChunks) {
  v1::JobSpec job = Job("r1");
  job.mutable_window_min()->set_seconds(100);
  link_.Connect();
  link_.Offer(job);
  Measure();
  EXPECT_EQ(link_.SentChunks().size(), ChunkDelivery::kMaxInFlight);
  AcknowledgeAll();
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_TRUE(spool_->empty());
}

TEST_F(AgentCoreTest, ARestartInMidRunGivesALostResultAndNeverACompleteOne) {
  link_.Connect();
  link_.Offer(Job("r1"));
  ASSERT_TRUE(spool_->Append({"r1", 1}, v1::CHUNK_STREAM_SAMPLES, "half").ok());
  files_.LosePower();
  link_.sent.clear();
  StartAgent();
  link_.Connect();
  const v1::RunResult result = ResultOf(link_.SentChunks().back());
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_LOST);
  EXPECT_THAT(result.reason(), HasSubstr("restarted"));
  EXPECT_EQ(result.sample_chunks(), 1u);
  EXPECT_THAT(link_.SentChunks(), SizeIs(2));
  link_.Offer(Job("r1"));
  EXPECT_TRUE(link_.Replies().back().accepted());
  EXPECT_FALSE(agent_->busy()) << "its result is on the way";
}

TEST_F(AgentCoreTest, AFinishedRunIsDeliveredAfterARestart) {
  link_.Connect();
  link_.Offer(Job("r1"));
  Measure();
  const std::vector<v1::Chunk> before = link_.SentChunks();
  files_.LosePower();
  link_.sent.clear();
  StartAgent();
  link_.Connect();
  ASSERT_EQ(link_.SentChunks().size(), before.size());
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_SUCCEEDED);
}

// The disk fills up at the n-th write of a run. The run fails with that reason as soon as there is
// room for the result; every chunk that was written is delivered, without a hole.
TEST_F(AgentCoreTest, AFullDiskAtAnyWriteIsACleanFailure) {
  for (uint64_t fault_at = 4; fault_at < 16; ++fault_at) {
    SCOPED_TRACE(fault_at);
    link_.sent.clear();
    StartAgent();
    link_.Connect();
    const std::string run_id = "r" + std::to_string(fault_at);
    const uint64_t fired = files_.faults_fired();
    files_.FailWritesAfter(fault_at, absl::ResourceExhaustedError("No space left on device"));
    link_.Offer(Job(run_id));
    Measure();
    ASSERT_GT(files_.faults_fired(), fired);
    EXPECT_TRUE(agent_->busy()) << "its result waits for room";
    files_.ClearFault();
    core_.AdvanceAndRun(JobRunner::kWriteRetryNs);
    EXPECT_FALSE(agent_->busy());
    const v1::RunResult result = ResultOf(link_.SentChunks().back());
    EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
    EXPECT_THAT(result.reason(), HasSubstr("No space left on device"));
    EXPECT_EQ(result.sample_chunks() + result.prediction_chunks() + 1, link_.SentChunks().size());
    AcknowledgeAll();
    EXPECT_TRUE(spool_->empty());
  }
}

TEST_F(AgentCoreTest, AWholeRunWhoseResultFindsTheDiskFullWaitsForRoom) {
  link_.Connect();
  v1::JobSpec job = Job("r1");
  job.set_power_source(v1::POWER_SOURCE_NONE);
  runner_.on_command = [this](const v1::RunnerCommand& command) {
    if (!command.has_finish()) return;
    files_.FailWritesAfter(0, absl::ResourceExhaustedError("No space left on device"));
  };
  link_.Offer(job);
  Measure();
  ASSERT_GT(files_.faults_fired(), 0u);
  link_.Offer(Job("r2"));
  EXPECT_THAT(LastRefusal(), HasSubstr("busy"));
  core_.AdvanceAndRun(3 * JobRunner::kWriteRetryNs);
  EXPECT_TRUE(agent_->busy());
  files_.ClearFault();
  core_.AdvanceAndRun(JobRunner::kWriteRetryNs);
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_FALSE(agent_->busy());
}

}  // namespace
}  // namespace tinyjoule
