// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Submitting, sharing, cancelling, retrying and restarting, through the facade.
#include <set>

#include "absl/strings/match.h"
#include "tests/support/coordinator_fixture.h"

namespace tinyjoule {
namespace {

const char kAnywhere[] = "agents: {placement: any}\nmeasure: {repeat: 1}\n";

class CoordinatorSweepsTest : public CoordinatorFixture {
 protected:
  v1::CancelSweepResponse Cancel(const std::string& id, bool now = false) {
    v1::CancelSweepRequest request;
    request.set_sweep_id(id);
    request.set_now(now);
    const auto response = coordinator_->CancelSweep(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::CancelSweepResponse();
  }
  v1::RetrySweepResponse Retry(const std::string& id) {
    v1::RetrySweepRequest request;
    request.set_sweep_id(id);
    const auto response = coordinator_->RetrySweep(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::RetrySweepResponse();
  }

  FakeAgentSession pi_{"pi"};
  FakeAgentSession other_{"other"};
};

TEST_F(CoordinatorSweepsTest, TheBaseIsTrainedOnceAndBeforeItsVariants) {
  Start();
  const std::string id = Submit(Yaml("s", 3, kAnywhere));
  ASSERT_EQ(executor_->tasks.size(), 1u);
  EXPECT_EQ(executor_->tasks[0].kind(), v1::TASK_KIND_BASE);
  executor_->FinishFirst();
  ASSERT_EQ(executor_->tasks.size(), 3u);
  for (const v1::TrainingTask& task : executor_->tasks) {
    EXPECT_EQ(task.kind(), v1::TASK_KIND_COMPRESS);
    EXPECT_TRUE(files_.Exists(task.checkpoint_path()));
  }
  executor_->FinishAll();
  const v1::SweepCounts counts = GetSweep(id).counts();
  EXPECT_EQ(counts.tasks(), 4u);
  EXPECT_EQ(counts.tasks_done(), 4u);
  EXPECT_EQ(counts.trials_ready(), 4u);
  EXPECT_EQ(counts.runs(), 4u);
}

// The teacher of both students, which is one of the models too.
TEST_F(CoordinatorSweepsTest, ATeacherIsTrainedOnceForAllItsStudents) {
  Start();
  const std::string id = Submit(
      "version: 1\nname: s\nseed: 7\ndataset: {type: synthetic_weather, split: {method: holdout}}\n"
      "models:\n  - {name: large, type: tinymlp, hidden: [64, 32]}\n"
      "  - {name: one, type: tinymlp, hidden: [8]}\n"
      "  - {name: other, type: tinycnn, conv: [4]}\n"
      "variants:\n  - float32\n  - name: taught\n    compress: [{distill: {teacher: "
      "{type: tinymlp, hidden: [64, 32]}}}]\n"
      "exclude: [{variant: taught, model: large}, {variant: float32, model: one},\n"
      "  {variant: float32, model: other}]\n");
  ASSERT_EQ(executor_->tasks.size(), 1u);
  EXPECT_EQ(executor_->tasks[0].kind(), v1::TASK_KIND_BASE);
  EXPECT_EQ(executor_->tasks[0].trial().model().hidden(0), 64u);
  executor_->FinishFirst();
  ASSERT_EQ(executor_->tasks.size(), 2u);
  for (const v1::TrainingTask& task : executor_->tasks) {
    EXPECT_EQ(task.kind(), v1::TASK_KIND_COMPRESS);
    EXPECT_EQ(task.trial().compress(0).distill().teacher().hidden(0), 64u);
  }
  EXPECT_EQ(executor_->tasks[0].trial().compress(0).distill().student().hidden(0), 8u);
  EXPECT_EQ(executor_->tasks[1].trial().compress(0).distill().student().conv(0), 4u);
  EXPECT_EQ(executor_->tasks[0].checkpoint_path(), executor_->tasks[1].checkpoint_path());
  executor_->FinishAll();
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 3u);
}

TEST_F(CoordinatorSweepsTest, SubmittingTwiceIsOneSweep) {
  Start();
  const auto first = TrySubmit(Yaml("s", 1, kAnywhere), "request-1");
  const auto again = TrySubmit(Yaml("s", 1, kAnywhere), "request-1");
  const auto other = TrySubmit(Yaml("s", 1, kAnywhere) + "# a comment\n", "request-2");
  ASSERT_TRUE(first.ok() && again.ok() && other.ok());
  EXPECT_FALSE(first->existed());
  EXPECT_FALSE(again->existed());
  EXPECT_TRUE(other->existed());
  EXPECT_EQ(other->sweep().sweep_id(), first->sweep().sweep_id());
  EXPECT_EQ(store_->reads().ListSweeps()->size(), 1u);
}

TEST_F(CoordinatorSweepsTest, TwoSweepsShareEqualWork) {
  Start();
  Submit(Yaml("first", 1, kAnywhere));
  executor_->FinishFirst();
  Submit(Yaml("second", 2, kAnywhere));
  executor_->FinishAll();
  EXPECT_EQ(executor_->submissions.size(), 3u);  // base, l1-1, l1-2
  for (const auto& [id, count] : executor_->submissions) EXPECT_EQ(count, 1) << id;
  const std::string third = Submit(Yaml("third", 2, kAnywhere));
  EXPECT_TRUE(executor_->tasks.empty());
  EXPECT_EQ(GetSweep(third).counts().trials_ready(), 3u);
}

TEST_F(CoordinatorSweepsTest, AFailedBaseFailsItsVariantsAndRunsWithTheReason) {
  Start();
  const std::string id = Submit(Yaml("s", 1, kAnywhere));
  executor_->FinishFirst(absl::InvalidArgumentError("the target has no variance"));
  const v1::Sweep sweep = GetSweep(id);
  EXPECT_EQ(sweep.state(), v1::SWEEP_STATE_FAILED);
  EXPECT_EQ(sweep.counts().tasks_failed(), 2u);
  EXPECT_EQ(sweep.counts().runs_failed(), 2u);
  const auto runs = store_->reads().ListRuns(id, 0, 10);
  for (const RunRecord& record : *runs) {
    EXPECT_TRUE(absl::StrContains(record.run.reason(), "the target has no variance"));
  }
  // Tried again, it succeeds.
  const v1::RetrySweepResponse retried = Retry(id);
  EXPECT_EQ(retried.tasks_queued(), 2u);
  EXPECT_EQ(retried.runs_queued(), 2u);
  EXPECT_EQ(retried.sweep().state(), v1::SWEEP_STATE_RUNNING);
  executor_->FinishAll();
  Attach(pi_);
  Measure(pi_, TakeOffer(pi_));
  Measure(pi_, TakeOffer(pi_));
  EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_SUCCEEDED);
}

TEST_F(CoordinatorSweepsTest, ATrainerThatDiesFailsOneTaskAndTheOthersGoOn) {
  Start();
  Attach(pi_);
  const std::string id = Submit(Yaml("s", 2, kAnywhere));
  executor_->FinishFirst();
  executor_->FinishFirst(absl::AbortedError("the trainer was killed by signal 9 (Killed)"));
  executor_->FinishAll();
  Measure(pi_, TakeOffer(pi_));
  Measure(pi_, TakeOffer(pi_));
  const v1::Sweep sweep = GetSweep(id);
  EXPECT_EQ(sweep.state(), v1::SWEEP_STATE_FAILED);
  EXPECT_EQ(sweep.counts().runs_succeeded(), 2u);
  EXPECT_EQ(sweep.counts().runs_failed(), 1u);
}

TEST_F(CoordinatorSweepsTest, RunsBeginWhenEveryTrialIsTrained) {
  Start();
  Attach(pi_);
  Submit(Yaml("s", 1, kAnywhere));
  executor_->FinishFirst();
  EXPECT_TRUE(pi_.TakeOffers().empty());
  executor_->FinishFirst();
  EXPECT_EQ(pi_.TakeOffers().size(), 1u);
}

TEST_F(CoordinatorSweepsTest, EveryMatchingAgentMeasuresEveryTrial) {
  Start();
  Attach(pi_);
  const std::string id = Submit(Yaml("s", 1, "measure: {repeat: 2}\n"));
  EXPECT_EQ(GetSweep(id).counts().runs(), 4u);
  Attach(other_);  // Before the first offer: it takes part.
  EXPECT_EQ(GetSweep(id).counts().runs(), 8u);
  executor_->FinishAll();
  FakeAgentSession late("late");
  Attach(late);
  EXPECT_EQ(GetSweep(id).counts().runs(), 8u);
  std::multiset<std::string> trials;
  for (FakeAgentSession* agent : {&pi_, &other_}) {
    for (int i = 0; i < 4; ++i) {
      const v1::JobSpec job = TakeOffer(*agent);
      trials.insert(GetRun(job.run_id()).trial_id() + " " + agent->name);
      // Blocks: the second repeat begins when the first is through.
      EXPECT_EQ(GetRun(job.run_id()).block(), i / 2);
      Measure(*agent, job);
    }
  }
  EXPECT_EQ(trials.size(), 8u);
  EXPECT_EQ(std::set<std::string>(trials.begin(), trials.end()).size(), 4u);
  EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_SUCCEEDED);
}

TEST_F(CoordinatorSweepsTest, ASweepThatMatchesNoAgentSaysSo) {
  Start();
  Attach(pi_);
  const auto response = TrySubmit(Yaml("s", 0, "agents: {select: {board: rpi5}}\n"));
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->warnings_size(), 2);
  EXPECT_EQ(response->warnings(0), "no connected agent matches {board: rpi5}; the sweep waits");
  EXPECT_EQ(response->warnings(1), "pi has not the label board: rpi5");
  const std::string id = response->sweep().sweep_id();
  executor_->FinishAll();
  EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_RUNNING);
  EXPECT_EQ(GetSweep(id).waiting_for(), "no agent matches {board: rpi5}");
  // A label makes it match.
  v1::LabelAgentRequest label;
  label.set_agent("pi");
  (*label.mutable_set())["board"] = "rpi5";
  ASSERT_TRUE(coordinator_->LabelAgent(label).ok());
  EXPECT_EQ(pi_.TakeOffers().size(), 1u);
}

TEST_F(CoordinatorSweepsTest, ASimulatedMeterIsRefusedWhenARealOneIsRequired) {
  Start();
  Attach(pi_);
  const auto response = TrySubmit(Yaml("s", 0, "power: {source: agent, required: true}\n"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->matching_agents_size(), 0);
  EXPECT_EQ(response->warnings(1), "pi has no real power sensor");
}

TEST_F(CoordinatorSweepsTest, ACordonedAgentGetsNothingNew) {
  Start();
  Attach(pi_);
  v1::CordonAgentRequest cordon;
  cordon.set_agent("pi");
  cordon.set_cordoned(true);
  ASSERT_TRUE(coordinator_->CordonAgent(cordon).ok());
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  executor_->FinishAll();
  EXPECT_TRUE(pi_.TakeOffers().empty());
  EXPECT_TRUE(absl::StrContains(GetSweep(id).waiting_for(), "cordoned"));
  cordon.set_cordoned(false);
  ASSERT_TRUE(coordinator_->CordonAgent(cordon).ok());
  EXPECT_EQ(pi_.TakeOffers().size(), 1u);
}

TEST_F(CoordinatorSweepsTest, CancellingStopsWhatWaitsAndTellsTheAgent) {
  Start();
  Attach(pi_);
  const std::string id = Submit(Yaml("s", 1, kAnywhere));
  executor_->FinishAll();
  const v1::JobSpec job = TakeOffer(pi_);
  Say(pi_, OfferReplyMessage(job, true));
  EXPECT_EQ(Cancel(id).sweep().state(), v1::SWEEP_STATE_RUNNING);
  ASSERT_EQ(pi_.Cancels().size(), 1u);
  EXPECT_FALSE(pi_.Cancels()[0].now());
  Say(pi_, ResultMessage(job, 0, v1::ATTEMPT_STATE_CANCELLED));
  Flush();
  const v1::Sweep sweep = GetSweep(id);
  EXPECT_EQ(sweep.state(), v1::SWEEP_STATE_CANCELLED);
  EXPECT_EQ(sweep.counts().runs_cancelled(), 2u);
  EXPECT_EQ(GetAttempt(job).state, v1::ATTEMPT_STATE_CANCELLED);
  EXPECT_EQ(Retry(id).runs_queued(), 2u);
}

TEST_F(CoordinatorSweepsTest, CancellingLeavesTheWorkOfOtherSweepsAlone) {
  Start();
  const std::string first = Submit(Yaml("first", 1, kAnywhere));
  const std::string second = Submit(Yaml("second", 0, kAnywhere));
  EXPECT_EQ(Cancel(first, true).sweep().state(), v1::SWEEP_STATE_CANCELLED);
  runner_.RunDueTasks();
  ASSERT_EQ(executor_->tasks.size(), 1u);  // The base, for the second.
  executor_->FinishAll();
  EXPECT_EQ(GetSweep(second).counts().trials_ready(), 1u);
}

TEST_F(CoordinatorSweepsTest, AResubmittedTaskOutlivesItsCancellation) {
  Start();
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  Cancel(id, true);
  Retry(id);  // Before the executor has ended the task.
  runner_.RunDueTasks();
  executor_->FinishAll();
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 1u);
}

TEST_F(CoordinatorSweepsTest, BrokenFilesGiveEveryErrorAndStoreNothing) {
  Start();
  const auto response = TrySubmit("version: 1\nname: s\nmodells: []\ndataset: {type: nope}\n");
  ASSERT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(response.status().message(), "sweep.yaml:3:1:"))
      << response.status();
  EXPECT_TRUE(absl::StrContains(response.status().message(), "sweep.yaml:4:")) << response.status();
  EXPECT_TRUE(store_->reads().ListSweeps()->empty());
}

TEST_F(CoordinatorSweepsTest, MissingFilesAreAskedForAndThenTheSweepIsTaken) {
  Start();
  v1::CreateSweepRequest request;
  request.set_file_name("sweep.yaml");
  request.set_sweep_yaml(
      "version: 1\nname: s\nseed: 1\ndataset: {type: csv, path: a.csv, features: [x], target: y, "
      "split: {method: holdout}}\n"
      "models: [{name: mlp, type: tinymlp, hidden: [8]}]\nvariants: [{name: float32}]\n");
  EXPECT_EQ(coordinator_->CreateSweep(request).status().code(), absl::StatusCode::kInvalidArgument);
  v1::InputFile& file = *request.add_files();
  file.set_name("a.csv");
  file.set_sha256(Sha256Hex("x,y\n1,2\n"));
  file.set_size_bytes(8);
  const auto asked = coordinator_->CreateSweep(request);
  ASSERT_TRUE(asked.ok()) << asked.status();
  ASSERT_EQ(asked->missing_files_size(), 1);
  EXPECT_TRUE(store_->reads().ListSweeps()->empty());
  ASSERT_TRUE(artifacts_->Put("x,y\n1,2\n").ok());
  ASSERT_TRUE(coordinator_->CreateSweep(request).ok());
  ASSERT_EQ(executor_->tasks.size(), 1u);
  EXPECT_EQ(executor_->tasks[0].inputs(0).local_path(), artifacts_->PathOf(file.sha256()));
}

TEST_F(CoordinatorSweepsTest, ValidateOnlyPlansAndStoresNothing) {
  Start();
  Attach(pi_);
  v1::CreateSweepRequest request;
  request.set_sweep_yaml(Yaml("s", 2, "measure: {repeat: 3}\n"));
  request.set_validate_only(true);
  const auto response = coordinator_->CreateSweep(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->trials_size(), 3);
  EXPECT_EQ(response->sweep().counts().runs(), 9u);
  EXPECT_EQ(response->matching_agents(0), "pi");
  EXPECT_GT(response->estimated_hours(), 0);
  EXPECT_TRUE(store_->reads().ListSweeps()->empty());
}

TEST_F(CoordinatorSweepsTest, AWatcherSeesEveryChangeOnceAndThenTheEnd) {
  Start();
  Attach(pi_);
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  int ready = 0;
  v1::WatchSweepRequest request;
  request.set_sweep_id(id);
  auto watcher = coordinator_->WatchSweep(request, [&] { ++ready; });
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  EXPECT_FALSE(*(*watcher)->Next());
  executor_->FinishAll();
  Measure(pi_, TakeOffer(pi_));
  EXPECT_EQ(ready, 1);
  std::vector<v1::RunState> states;
  uint64_t sequence = 0;
  v1::WatchSweepResponse last;
  while (true) {
    const auto next = (*watcher)->Next();
    if (absl::IsOutOfRange(next.status())) break;
    ASSERT_TRUE(next.ok() && next->has_value());
    last = **next;
    if (last.has_run()) states.push_back(last.run().state());
    EXPECT_EQ(last.sequence(), ++sequence);
  }
  EXPECT_EQ(states, (std::vector<v1::RunState>{v1::RUN_STATE_OFFERED, v1::RUN_STATE_RUNNING,
                                               v1::RUN_STATE_SUCCEEDED}));
  EXPECT_EQ(last.state(), v1::SWEEP_STATE_SUCCEEDED);
  EXPECT_EQ(last.counts().runs_succeeded(), 1u);
  // From the middle on.
  request.set_after_sequence(sequence - 1);
  auto resumed = coordinator_->WatchSweep(request, [] {});
  EXPECT_EQ((**(*resumed)->Next()).sequence(), sequence);
  EXPECT_TRUE(absl::IsOutOfRange((*resumed)->Next().status()));
}

TEST_F(CoordinatorSweepsTest, ProgressIsCoalescedForASlowWatcher) {
  Start();
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  v1::WatchSweepRequest request;
  request.set_sweep_id(id);
  auto watcher = coordinator_->WatchSweep(request, [] {});
  const std::string task_id = executor_->tasks[0].task_id();
  for (uint32_t epoch = 1; epoch <= 1000; ++epoch) {
    v1::TrainingProgress progress;
    progress.set_epoch(epoch);
    executor_->listener().OnProgress(task_id, progress);
  }
  const auto next = (*watcher)->Next();
  ASSERT_TRUE(next.ok() && next->has_value());
  EXPECT_EQ((*next)->task().progress().epoch(), 1000u);
  EXPECT_FALSE(*(*watcher)->Next());
  Crash();
  EXPECT_TRUE(absl::IsCancelled((*watcher)->Next().status()));
}

TEST_F(CoordinatorSweepsTest, AnOutcomeThatTheStoreDidNotTakeIsStoredLater) {
  Start();
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  store_->set_fault(absl::ResourceExhaustedError("no space left on device"));
  executor_->FinishAll();
  EXPECT_GT(store_->faults_fired(), 0);
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 0u);
  EXPECT_FALSE(TrySubmit(Yaml("t", 0, kAnywhere)).ok());
  store_->set_fault(absl::OkStatus());
  runner_.AdvanceAndRun(2 * kNsPerSecond);
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 1u);
  EXPECT_EQ(executor_->submissions.begin()->second, 1);
}

// A crash after every step of a sweep: what was done stays done, what was on is done again.
TEST_F(CoordinatorSweepsTest, ARestartAtEveryStepEndsTheSame) {
  for (int crash_at = 0; crash_at < 7; ++crash_at) {
    SCOPED_TRACE(crash_at);
    int step = 0;
    const auto maybe_crash = [&] {
      if (step++ != crash_at) return;
      Crash();
      Start();
      pi_.hello.clear_active_run_id();
      pi_.received.clear();
      Attach(pi_);
    };
    Start();
    Attach(pi_);
    const std::string id =
        Submit(Yaml("s" + std::to_string(crash_at), 1,
                    "train: {epochs: " + std::to_string(crash_at + 2) + "}\n" + kAnywhere));
    maybe_crash();
    executor_->FinishFirst();
    maybe_crash();
    executor_->FinishAll();
    maybe_crash();
    for (int i = 0; i < 2; ++i) {
      const v1::JobSpec job = TakeOffer(pi_);
      EXPECT_EQ(job.attempt(), 1u);
      Say(pi_, OfferReplyMessage(job, true));
      Say(pi_, ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
      Flush();
      maybe_crash();
      Say(pi_, ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
      Say(pi_, ResultMessage(job, 1));
      pi_.received.clear();
      Flush();
      maybe_crash();
      EXPECT_EQ(GetRun(job.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
    }
    EXPECT_GT(step, crash_at);
    EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_SUCCEEDED);
    Crash();
  }
}

TEST_F(CoordinatorSweepsTest, AResultStoredBeforeACrashIsTakenAfterIt) {
  Start();
  Attach(pi_);
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  executor_->FinishAll();
  const v1::JobSpec job = TakeOffer(pi_);
  Crash();
  WriteBatch batch;
  batch.chunks.push_back(ResultMessage(job, 0).chunk());
  ASSERT_TRUE(store_->Commit(batch).ok());
  Start();
  EXPECT_EQ(GetRun(job.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace tinyjoule
