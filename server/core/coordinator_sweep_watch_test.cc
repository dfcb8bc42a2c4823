// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Watching a sweep, through the facade.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/support/coordinator_sweeps_fixture.h"

namespace tinyjoule {
namespace {

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

}  // namespace
}  // namespace tinyjoule
