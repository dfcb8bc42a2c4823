// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Waiting for a sweep: exit codes, resuming, Ctrl-C, progress.
#include <thread>

#include "client/coord_app_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSweep[] =
    "version: 1\n"
    "name: small\n"
    "dataset: {type: synthetic_weather, split: {folds: 1}}\n"
    "models: [{type: tinymlp}]\n";

TEST_F(CoordAppTest, WaitGivesTheSweepsExitCode) {
  const std::tuple<v1::SweepState, uint32_t, uint32_t, int> cases[] = {
      {v1::SWEEP_STATE_SUCCEEDED, 0, 0, 0},
      {v1::SWEEP_STATE_FAILED, 1, 1, 1},
      {v1::SWEEP_STATE_FAILED, 0, 1, 5},
      {v1::SWEEP_STATE_CANCELLED, 0, 0, 1}};
  for (const auto& [state, failed, invalid, code] : cases) {
    fake_.events = {Event(1, v1::SWEEP_STATE_RUNNING), Event(2, state, failed, invalid)};
    EXPECT_EQ(Run({"wait", "small"}), code) << v1::SweepState_Name(state);
    EXPECT_EQ(Run({"submit", "-", "--wait"}, kSweep), code) << v1::SweepState_Name(state);
  }
}

TEST_F(CoordAppTest, UnknownSweepExitsWith2) {
  EXPECT_EQ(Run({"wait", "nothing"}), 2);
  EXPECT_EQ(err_.str(), "coord: no sweep nothing\n");
}

TEST_F(CoordAppTest, WaitTimesOutWith124) {
  fake_.events = {Event(1, v1::SWEEP_STATE_RUNNING)};
  fake_.watch_hangs = true;
  EXPECT_EQ(Run({"wait", "small", "--timeout", "50ms"}), 124);
  EXPECT_THAT(err_.str(), HasSubstr("has not ended within 50ms"));
  EXPECT_EQ(Run({"wait", "small", "--timeout", "soon"}), 2);
}

TEST_F(CoordAppTest, WatchResumesBySequenceWhenTheConnectionBreaks) {
  fake_.events = {Event(3, v1::SWEEP_STATE_RUNNING), Event(7, v1::SWEEP_STATE_RUNNING),
                  Event(9, v1::SWEEP_STATE_SUCCEEDED)};
  fake_.breaks = {1, 1};
  EXPECT_EQ(Run({"watch", "small"}), 0);
  EXPECT_THAT(fake_.watched_after, ElementsAre(0, 3, 7));
  EXPECT_THAT(err_.str(), HasSubstr("the coordinator is away; trying again"));
  EXPECT_THAT(err_.str(), HasSubstr("the coordinator is back"));
  EXPECT_THAT(err_.str(), HasSubstr("sweep 0123456789ab succeeded: 4 of 4 runs succeeded"));
  EXPECT_THAT(out_.str(), IsEmpty()) << "progress is not data";
}

TEST_F(CoordAppTest, InterruptEndsTheWatchWith130AndNotTheSweep) {
  fake_.events = {Event(1, v1::SWEEP_STATE_RUNNING)};
  fake_.watch_hangs = true;
  std::thread user([&] {
    fake_.watching.WaitForNotification();
    kill(getpid(), SIGINT);
  });
  EXPECT_EQ(Run({"watch", "small"}), 130);
  user.join();
  EXPECT_THAT(err_.str(), HasSubstr("The sweep goes on.\n  coord watch 0123456789ab   shows it"));
}

TEST_F(CoordAppTest, ProgressIsLinesOrBars) {
  v1::WatchSweepResponse task = Event(1, v1::SWEEP_STATE_RUNNING);
  task.mutable_counts()->set_tasks(2);
  task.mutable_counts()->set_tasks_done(1);
  task.mutable_task()->set_task_id("t");
  task.mutable_task()->set_label("tinymlp fold 0");
  task.mutable_task()->set_state(v1::TASK_STATE_SUCCEEDED);
  v1::WatchSweepResponse run = Event(2, v1::SWEEP_STATE_SUCCEEDED);
  run.mutable_counts()->set_tasks(2);
  run.mutable_counts()->set_tasks_done(2);
  run.mutable_run()->set_run_id("r");
  run.mutable_run()->set_label("tinymlp float32");
  run.mutable_run()->set_agent("pi-1");
  run.mutable_run()->set_state(v1::RUN_STATE_SUCCEEDED);
  fake_.events = {task, run};
  EXPECT_EQ(Run({"watch", "small"}), 0);
  EXPECT_EQ(err_.str(),
            "training succeeded: tinymlp fold 0 (1/2)\n"
            "run r succeeded: tinymlp float32 on pi-1 (4/4)\n"
            "sweep 0123456789ab succeeded: 4 of 4 runs succeeded\n");
  terminal_ = true;
  EXPECT_EQ(Run({"watch", "small"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("training [###############...............] 1/2"));
  EXPECT_THAT(err_.str(), HasSubstr("runs     [##############################] 4/4"));
}

}  // namespace
}  // namespace tinyjoule
