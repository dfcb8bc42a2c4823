// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// SIGKILL of each process in the middle of its work: nothing acknowledged is lost, and the sweep
// comes to its end.
#include <csignal>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

bool IsMeasuring(const v1::WatchSweepResponse& event) {
  return event.has_run() && event.run().state() == v1::RUN_STATE_RUNNING &&
         event.run().phase() == "window";
}

class CrashTest : public ::testing::Test {
 protected:
  // Long enough to be hit in the middle: 3 windows of 1 s, twice.
  std::string SubmitLongSweep() {
    TinySweep sweep;
    sweep.window = "1s";
    sweep.windows = 3;
    sweep.repeat = 2;
    return lab_.Submit(lab_.WriteFile("sweep.yaml", sweep.Yaml()));
  }
  // Every run succeeded, its windows are whole, and it verifies against its raw data.
  void ExpectWholeRuns(const std::string& id, size_t count) {
    const std::vector<v1::Run> runs = lab_.Runs(id);
    ASSERT_EQ(runs.size(), count);
    for (const v1::Run& run : runs) {
      EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED) << run.reason();
      EXPECT_EQ(run.assembly().windows_size(), 3);
      EXPECT_EQ(run.result().samples_dropped(), 0u);
    }
    const Ended verified = lab_.Coord({"verify", id});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  }

  Lab lab_;
};

TEST_F(CrashTest, AnAgentThatIsKilledInMidRunComesBack) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const std::string id = SubmitLongSweep();
  ASSERT_NO_FATAL_FAILURE(lab_.WatchUntil(id, IsMeasuring));
  lab_.KillAgent("pi-1", SIGKILL);
  ASSERT_TRUE(lab_.Eventually([&] { return !lab_.AgentConnected("pi-1"); }));
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  ExpectWholeRuns(id, 2);
}

TEST_F(CrashTest, ACoordinatorThatIsKilledInMidRunGoesOn) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const std::string id = SubmitLongSweep();
  ASSERT_NO_FATAL_FAILURE(lab_.WatchUntil(id, IsMeasuring));
  lab_.KillCoordinator(SIGKILL);
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  ExpectWholeRuns(id, 2);
  for (const v1::Run& run : lab_.Runs(id)) {
    EXPECT_EQ(run.attempt(), 1u) << "the network never kills a measurement";
  }
}

TEST_F(CrashTest, FinishedRunsSurviveTheCoordinatorAsTheyWere) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const std::string id = SubmitLongSweep();
  ASSERT_NO_FATAL_FAILURE(lab_.WatchUntil(id, [](const v1::WatchSweepResponse& event) {
    return event.counts().runs_succeeded() == 1;
  }));
  const auto finished = [&] {
    std::map<std::string, v1::Run> runs;
    for (const v1::Run& run : lab_.Runs(id)) {
      if (run.state() == v1::RUN_STATE_SUCCEEDED) runs[run.run_id()] = run;
    }
    return runs;
  };
  const std::map<std::string, v1::Run> before = finished();
  ASSERT_FALSE(before.empty());
  lab_.KillCoordinator(SIGKILL);
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  std::map<std::string, v1::Run> after = finished();
  for (const auto& [run_id, run] : before) {
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(run, after[run_id])) << run_id;
  }
  EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  ExpectWholeRuns(id, 2);
}

TEST_F(CrashTest, AKilledTrainerIsOneFailedTaskThatRetryHeals) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator({"--trainers", "1"}));
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  TinySweep sweep;
  sweep.epochs = 3000;  // Some seconds: long enough to be hit.
  sweep.models =
      "[{name: slow, type: tinymlp, hidden: [64, 64]}, {name: tinyknn, type: tinyknn, k: 3}]";
  const std::string id = lab_.Submit(lab_.WriteFile("sweep.yaml", sweep.Yaml()));
  std::string task_id;
  ASSERT_NO_FATAL_FAILURE(lab_.WatchUntil(id, [&](const v1::WatchSweepResponse& event) {
    task_id = event.task().task_id();
    return event.task().state() == v1::TASK_STATE_RUNNING && event.task().has_progress() &&
           absl::StrContains(event.task().label(), "slow");
  }));
  const std::vector<int> trainers = lab_.TrainerPids();
  ASSERT_EQ(trainers.size(), 1u);
  ASSERT_EQ(kill(trainers[0], SIGKILL), 0);

  const v1::Sweep ended = lab_.WaitForEnd(id);
  EXPECT_EQ(ended.state(), v1::SWEEP_STATE_FAILED);
  EXPECT_EQ(ended.counts().tasks_failed(), 1u);
  EXPECT_EQ(ended.counts().runs_succeeded(), 1u) << "the other model is not concerned";
  const Ended logs = lab_.Coord({"logs", task_id});
  EXPECT_THAT(logs.out + logs.err, HasSubstr("signal 9"));

  EXPECT_EQ(lab_.Coord({"retry", id}).exit_code, 0);
  EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
}

}  // namespace
}  // namespace tinyjoule
