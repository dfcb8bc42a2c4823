// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_AGENT_CORE_FIXTURE_H_
#define TESTS_SUPPORT_AGENT_CORE_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/core/agent_core.h"
#include "agent/core/artifact_cache.h"
#include "agent/core/board_state.h"
#include "agent/core/spool.h"
#include "common/base/digest.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/fake_runner.h"
#include "tests/support/fake_sample_source.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/manual_task_runner.h"

namespace tinyjoule {

// The whole core against a coordinator in the test's hands, all on the test's thread: a measurement
// runs when the test lets its sequence run.
class AgentRig {
 public:
  AgentRig() {
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

class AgentCoreTest : public ::testing::Test, public AgentRig {
 protected:
  std::string LastRefusal() {
    EXPECT_FALSE(link_.Replies().back().accepted());
    return link_.Replies().back().reason();
  }
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_AGENT_CORE_FIXTURE_H_
