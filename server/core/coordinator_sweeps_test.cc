// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Submitting, sharing, cancelling and retrying, through the facade.
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "tests/support/coordinator_sweeps_fixture.h"

namespace tinyjoule {
namespace {

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

// A compression is given the base's file alone.
TEST_F(CoordinatorSweepsTest, EveryTrialTellsHowLongItsBaseWasTrained) {
  Start();
  const std::string id = Submit(Yaml("s", 3, kAnywhere));
  executor_->FinishFirst();
  executor_->FinishAll();
  int trials = 0;
  const absl::Status status =
      VisitTrials(store_->reads(), id, [&trials](const v1::TrialSummary& trial) {
        EXPECT_EQ(trial.outcome().train_s(), FakeTrainingExecutor::kTrainS) << trial.trial_id();
        ++trials;
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(trials, 4);
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

}  // namespace
}  // namespace tinyjoule
