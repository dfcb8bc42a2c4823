// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_COORDINATOR_FIXTURE_H_
#define TESTS_SUPPORT_COORDINATOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/core/coordinator.h"
#include "server/store/file_artifact_store.h"
#include "server/store/memory_run_store.h"
#include "tests/support/fake_agent_session.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_training_executor.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/fault_run_store.h"
#include "tests/support/manual_task_runner.h"

namespace tinyjoule {

// Finds every run valid, and says how often it was asked.
class FakeRunAssembler final : public RunAssemblerPort {
 public:
  absl::StatusOr<v1::RunAssembly> Assemble(const v1::Run&, const AttemptKey&, RunReader&) override {
    ++calls;
    if (!failure.ok()) return failure;
    v1::RunAssembly assembly;
    assembly.set_valid(valid);
    if (!valid) {
      v1::Flag& flag = *assembly.add_flags();
      flag.set_name("CLIPPED");
      flag.set_fatal(true);
    }
    return assembly;
  }
  int calls = 0;
  bool valid = true;
  absl::Status failure;
};

// More of a sweep's YAML: one run of each trial, on whatever agent is free.
inline constexpr char kAnywhere[] = "agents: {placement: any}\nmeasure: {repeat: 1}\n";

// A coordinator over a memory store, with fake clock, sequence, trainer and agents. It can be
// stopped and started again over the same store, as after a crash.
class CoordinatorFixture : public testing::Test {
 protected:
  CoordinatorFixture() {
    artifacts_ = *OpenFileArtifactStore(files_, "/artifacts");
    store_ = std::make_unique<FaultRunStore>(MakeMemoryRunStore());
    options_.max_attempts = 3;
  }

  void Start() {
    executor_ = std::make_unique<FakeTrainingExecutor>(runner_, *artifacts_);
    auto started = Coordinator::Start(
        {runner_, clock_, files_, *store_, *artifacts_, *executor_, assembler_}, options_);
    ASSERT_TRUE(started.ok()) << started.status();
    coordinator_ = *std::move(started);
  }
  // What a SIGKILL leaves: the store and the artifacts.
  void Crash() {
    coordinator_.reset();
    executor_.reset();
  }

  // One model, `variants` pruned variants beside float32, one fold.
  static std::string Yaml(const std::string& name, int pruned, const std::string& more = "") {
    std::string yaml = "version: 1\nname: " + name +
                       "\nseed: 7\ndataset: {type: synthetic_weather, split: {method: holdout}}\n"
                       "models: [{name: mlp, type: tinymlp, hidden: [8]}]\n"
                       "variants:\n  - {name: float32}\n";
    for (int i = 1; i <= pruned; ++i) {
      yaml += "  - {name: l1-" + std::to_string(i) +
              ", compress: [{prune: {scope: unstructured, criterion: l1, sparsity: 0." +
              std::to_string(i) + "}}]}\n";
    }
    return yaml + more;
  }
  absl::StatusOr<v1::CreateSweepResponse> TrySubmit(const std::string& yaml,
                                                    const std::string& request_id = "") {
    v1::CreateSweepRequest request;
    request.set_request_id(request_id);
    request.set_sweep_yaml(yaml);
    request.set_file_name("sweep.yaml");
    return coordinator_->CreateSweep(request);
  }
  std::string Submit(const std::string& yaml) {
    const auto response = TrySubmit(yaml);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->sweep().sweep_id() : "";
  }
  v1::Sweep GetSweep(const std::string& id) {
    v1::GetSweepRequest request;
    request.set_sweep_id(id);
    const auto response = coordinator_->GetSweep(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->sweep() : v1::Sweep();
  }
  v1::Run GetRun(const std::string& id) {
    v1::GetRunRequest request;
    request.set_run_id(id);
    const auto response = coordinator_->GetRun(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->run() : v1::Run();
  }
  AttemptRecord GetAttempt(const v1::JobSpec& job) {
    const auto attempt = store_->reads().GetAttempt({job.run_id(), job.attempt()});
    EXPECT_TRUE(attempt.ok()) << attempt.status();
    return attempt.ok() ? *attempt : AttemptRecord();
  }

  void Attach(FakeAgentSession& agent) {
    const absl::Status status = coordinator_->AttachAgent(agent, agent.hello);
    ASSERT_TRUE(status.ok()) << status;
  }
  void Say(FakeAgentSession& agent, const v1::ConnectRequest& message) {
    coordinator_->OnAgentMessage(agent, message);
  }
  // The one offer that the agent has now.
  v1::JobSpec TakeOffer(FakeAgentSession& agent) {
    const auto offers = agent.TakeOffers();
    EXPECT_EQ(offers.size(), 1u);
    return offers.empty() ? v1::JobSpec() : offers.back();
  }
  void Flush() { runner_.AdvanceAndRun(options_.group_commit_delay_ns + 1); }
  // Accepts, sends two sample chunks and the result.
  void Measure(FakeAgentSession& agent, const v1::JobSpec& job) {
    Say(agent, OfferReplyMessage(job, true));
    Say(agent, ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
    Say(agent, ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 1, "one"));
    Say(agent, ResultMessage(job, 2));
    Flush();
  }
  // Time passes while the agent's heart beats.
  void PassTime(int64_t ns, const std::vector<FakeAgentSession*>& agents) {
    for (int64_t passed = 0; passed < ns; passed += kNsPerSecond) {
      for (FakeAgentSession* agent : agents) Say(*agent, HeartbeatMessage());
      runner_.AdvanceAndRun(kNsPerSecond);
    }
  }

  FakeClock clock_;
  ManualTaskRunner runner_{clock_};
  FaultFileSystem files_;
  std::unique_ptr<ArtifactStore> artifacts_;
  std::unique_ptr<FaultRunStore> store_;
  std::unique_ptr<FakeTrainingExecutor> executor_;
  FakeRunAssembler assembler_;
  CoordinatorOptions options_;
  std::unique_ptr<Coordinator> coordinator_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_COORDINATOR_FIXTURE_H_
