// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/agent_core.h"

#include <vector>

#include "common/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/fake_runner.h"
#include "tests/support/fake_sample_source.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/manual_task_runner.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The whole core against a coordinator in the test's hands, all on the test's thread: a measurement
// runs when the test lets its sequence run.
class AgentCoreTest : public ::testing::Test {
 protected:
  AgentCoreTest() {
    artifacts_.artifacts[Sha256Hex("m")] = "m";
    spool_options_.folder = "/spool";
    StartAgent();
  }
  void StartAgent() {
    agent_.reset();
    spool_ = *Spool::Open(files_, spool_options_);
    MeasurementDependencies measurement{clock_, files_, runner_, board_, *cache_, artifacts_};
    measurement.samples = has_sensor_ ? &source_ : nullptr;
    AgentCore::Options options;
    options.name = "pi-1";
    options.labels = {{"room", "lab"}};
    options.job_runner.runner_programs = {{v1::ENGINE_XNNPACK, "runner"}};
    options.job_runner.runner_log_path = "/runner.log";
    agent_ = std::make_unique<AgentCore>(
        options, AgentCore::Dependencies{core_, measuring_, *spool_, link_, measurement});
    agent_->Start();
  }
  static v1::JobSpec Job(const std::string& run_id, uint32_t attempt = 1) {
    v1::JobSpec job;
    job.set_run_id(run_id);
    job.set_attempt(attempt);
    job.set_model_sha256(Sha256Hex("m"));
    job.set_inputs_sha256(Sha256Hex("m"));
    job.set_engine(v1::ENGINE_XNNPACK);
    job.mutable_window_min()->set_seconds(1);
    job.mutable_warmup_max()->set_seconds(1);
    job.mutable_idle()->set_seconds(1);
    job.set_window_count(2);
    return job;
  }
  void Measure() {
    measuring_.RunDueTasks();
    core_.RunDueTasks();
  }
  static v1::RunResult ResultOf(const v1::Chunk& chunk) {
    v1::RunResult result;
    EXPECT_EQ(chunk.stream(), v1::CHUNK_STREAM_RESULT);
    EXPECT_TRUE(result.ParseFromString(chunk.payload()));
    return result;
  }
  void AcknowledgeAll() {
    for (size_t i = 0; i < link_.SentChunks().size(); ++i) {
      link_.Acknowledge(link_.SentChunks()[i]);
    }
  }
  std::string LastRefusal() {
    EXPECT_FALSE(link_.Replies().back().accepted());
    return link_.Replies().back().reason();
  }

  FakeClock clock_;
  ManualTaskRunner core_{clock_};
  ManualTaskRunner measuring_{clock_};
  FaultFileSystem files_;
  FakeRunner runner_{clock_};
  BoardReader board_{files_, "/board"};
  std::unique_ptr<ArtifactCache> cache_ = *ArtifactCache::Open(files_, {"/cache", 1 << 20});
  FakeArtifactSource artifacts_;
  bool has_sensor_ = true;
  FakeSampleSource source_{clock_, [this](int64_t t) { return runner_.BusyAt(t) ? 4000 : 2000; }};
  FakeCoordinatorLink link_;
  Spool::Options spool_options_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<AgentCore> agent_;
};

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

TEST_F(AgentCoreTest, LivePowerIsThinnedToOnePointPerInterval) {
  link_.Connect();
  v1::ConnectResponse message;
  message.mutable_live_power_request()->set_active(true);
  message.mutable_live_power_request()->mutable_interval()->set_nanos(100'000'000);
  link_.Deliver(message);
  EXPECT_TRUE(source_.running());
  core_.AdvanceAndRun(kNsPerSecond);
  ASSERT_EQ(link_.sent.size(), 10u);
  const v1::LivePower& live = link_.sent[5].live_power();
  ASSERT_EQ(live.points_size(), 1);
  EXPECT_TRUE(live.simulated());
  // 2000 counts of 1.024 mW, less and more by the source's own dither of one count.
  EXPECT_NEAR(live.points(0).power_w(), 2.048, 1e-9);
  EXPECT_NEAR(live.points(0).power_min_w(), 1.999 * 1.024, 1e-9);
  EXPECT_NEAR(live.points(0).power_max_w(), 2.001 * 1.024, 1e-9);
  EXPECT_NEAR(live.points(0).bus_voltage_v(), 5.12, 1e-9);
  EXPECT_NEAR(live.points(0).current_a(), 0.4, 1e-9);
  message.mutable_live_power_request()->set_active(false);
  link_.Deliver(message);
  EXPECT_FALSE(source_.running());
  core_.AdvanceAndRun(kNsPerSecond);
  EXPECT_EQ(link_.sent.size(), 10u);
}

TEST_F(AgentCoreTest, AWatcherChangesNothingInAMeasurement) {
  link_.Connect();
  link_.Offer(Job("r1"));
  Measure();
  const v1::RunResult alone = ResultOf(link_.SentChunks().back());
  AcknowledgeAll();
  v1::ConnectResponse message;
  message.mutable_live_power_request()->set_active(true);
  link_.Deliver(message);
  runner_.on_command = [this](const v1::RunnerCommand&) { core_.RunDueTasks(); };
  link_.sent.clear();
  link_.Offer(Job("r2"));
  Measure();
  const v1::RunResult watched = ResultOf(link_.SentChunks().back());
  ASSERT_EQ(watched.windows_size(), alone.windows_size());
  for (int i = 0; i < alone.windows_size(); ++i) {
    EXPECT_DOUBLE_EQ(watched.windows(i).energy_j(), alone.windows(i).energy_j());
  }
  EXPECT_EQ(watched.sample_count(), alone.sample_count());
  EXPECT_TRUE(std::any_of(link_.sent.begin(), link_.sent.end(),
                          [](const v1::ConnectRequest& sent) { return sent.has_live_power(); }));
  EXPECT_TRUE(source_.running()) << "the watcher is still there";
  link_.Disconnect();
  EXPECT_FALSE(source_.running());
}

// A source that has ended would begin anew, in the middle of the measurement.
TEST_F(AgentCoreTest, AWatcherDoesNotStartTheSourceOfAMeasurement) {
  link_.Connect();
  link_.Offer(Job("r1"));
  ASSERT_EQ(source_.starts, 1);
  v1::ConnectResponse message;
  message.mutable_live_power_request()->set_active(true);
  link_.Deliver(message);
  EXPECT_EQ(source_.starts, 1);
  Measure();
  EXPECT_EQ(ResultOf(link_.SentChunks().back()).state(), v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_TRUE(source_.running()) << "the watcher is still there";
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
