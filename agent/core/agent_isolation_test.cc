// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Nothing that a coordinator or a watcher does changes a measurement: half an hour of simulated
// time, once with a coordinator that takes everything at once and once with one that takes nothing
// while somebody watches as fast as the agent can.
#include <memory>
#include <string>
#include <vector>

#include "agent/core/agent_core.h"
#include "common/base/digest.h"
#include "gtest/gtest.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/fake_runner.h"
#include "tests/support/fake_sample_source.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/manual_task_runner.h"

namespace tinyjoule {
namespace {

// An agent with a measurement of half an hour ahead, all on the test's thread.
class LongRun {
 public:
  LongRun() {
    artifacts_.artifacts[Sha256Hex("m")] = "m";
    MeasurementDependencies measurement{clock_, files_, runner_, board_, *cache_, artifacts_};
    measurement.samples = &source_;
    AgentCore::Options options;
    options.name = "pi-1";
    options.job_runner.runner_programs = {{v1::ENGINE_XNNPACK, "runner"}};
    options.job_runner.runner_log_path = "/runner.log";
    agent_ = std::make_unique<AgentCore>(
        options, AgentCore::Dependencies{core_, measuring_, *spool_, link_, measurement});
    agent_->Start();
    link_.Connect();
  }

  void Watch() {
    v1::ConnectResponse message;
    message.mutable_live_power_request()->set_active(true);
    message.mutable_live_power_request()->mutable_interval()->set_nanos(PowerFeed::kMinIntervalNs);
    link_.Deliver(message);
  }
  void Measure() {
    v1::JobSpec job;
    job.set_run_id("r1");
    job.set_attempt(1);
    job.set_model_sha256(Sha256Hex("m"));
    job.set_inputs_sha256(Sha256Hex("m"));
    job.set_engine(v1::ENGINE_XNNPACK);
    job.mutable_window_min()->set_seconds(300);
    job.mutable_warmup_max()->set_seconds(1);
    job.mutable_idle()->set_seconds(60);
    job.set_window_count(5);
    link_.Offer(job);
    measuring_.RunDueTasks();
    core_.RunDueTasks();
  }
  size_t sent_chunks() const { return link_.SentChunks().size(); }
  size_t live_points() const {
    size_t points = 0;
    for (const v1::ConnectRequest& message : link_.sent) {
      points += static_cast<size_t>(message.live_power().points_size());
    }
    return points;
  }

  // Every chunk of the attempt, once the coordinator takes them.
  std::vector<std::string> TakeAll() {
    for (size_t i = 0; i < link_.SentChunks().size(); ++i) {
      link_.Acknowledge(link_.SentChunks()[i]);
    }
    EXPECT_TRUE(spool_->empty());
    std::vector<std::string> bytes;
    for (const v1::Chunk& chunk : link_.SentChunks()) bytes.push_back(chunk.SerializeAsString());
    return bytes;
  }
  v1::RunResult Result() const {
    v1::RunResult result;
    EXPECT_TRUE(result.ParseFromString(link_.SentChunks().back().payload()));
    return result;
  }

 private:
  FakeClock clock_;
  ManualTaskRunner core_{clock_};
  ManualTaskRunner measuring_{clock_};
  FaultFileSystem files_;
  FakeRunner runner_{clock_};
  BoardReader board_{files_, "/board"};
  std::unique_ptr<ArtifactCache> cache_ = *ArtifactCache::Open(files_, {"/cache", 1 << 20});
  FakeArtifactSource artifacts_;
  FakeSampleSource source_{clock_, [this](int64_t t) { return runner_.BusyAt(t) ? 4000 : 2000; }};
  FakeCoordinatorLink link_;
  Spool::Options spool_options_{"/spool"};
  std::unique_ptr<Spool> spool_ = *Spool::Open(files_, spool_options_);
  std::unique_ptr<AgentCore> agent_;
};

TEST(AgentIsolationTest, AStalledCoordinatorAndAWatcherChangeNoBitOfTheResult) {
  LongRun quiet;
  quiet.Measure();
  const std::vector<std::string> expected = quiet.TakeAll();
  ASSERT_EQ(quiet.Result().state(), v1::ATTEMPT_STATE_SUCCEEDED) << quiet.Result().reason();
  ASSERT_TRUE(quiet.Result().windows(1).has_energy_j());
  ASSERT_GT(expected.size(), 1'500u);

  LongRun disturbed;
  disturbed.Watch();
  disturbed.Measure();
  EXPECT_GT(disturbed.live_points(), 0u) << "somebody did watch";
  EXPECT_LE(disturbed.sent_chunks(), ChunkDelivery::kMaxInFlight) << "the rest waits on the disk";
  EXPECT_EQ(disturbed.TakeAll(), expected);
}

}  // namespace
}  // namespace tinyjoule
