// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_MANUAL_TASK_RUNNER_H_
#define TESTS_SUPPORT_MANUAL_TASK_RUNNER_H_

#include <cstdint>
#include <map>
#include <utility>

#include "common/base/task_runner.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {

// A sequence that the test drives, on the test's own thread, by the test's own clock.
class ManualTaskRunner final : public TaskRunner {
 public:
  explicit ManualTaskRunner(FakeClock& clock) : clock_(clock) {}

  void Post(Task task) override { PostDelayed(0, std::move(task)); }
  void PostDelayed(int64_t delay_ns, Task task) override {
    const int64_t due = clock_.MonotonicNs() + std::max<int64_t>(delay_ns, 0);
    tasks_.emplace(std::make_pair(due, next_order_++), std::move(task));
  }
  bool RunsTasksOnCurrentThread() const override { return true; }

  // Runs what is due now, and what that posts, until nothing is due.
  void RunDueTasks() {
    while (!tasks_.empty() && tasks_.begin()->first.first <= clock_.MonotonicNs()) RunNext();
  }
  // Moves the clock on, stopping at every task that comes due on the way.
  void AdvanceAndRun(int64_t ns) {
    const int64_t end = clock_.MonotonicNs() + ns;
    RunDueTasks();
    while (!tasks_.empty() && tasks_.begin()->first.first <= end) {
      clock_.SleepUntil(tasks_.begin()->first.first);
      RunDueTasks();
    }
    clock_.SleepUntil(end);
  }
  size_t pending() const { return tasks_.size(); }

 private:
  void RunNext() {
    Task task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    task();
  }

  FakeClock& clock_;
  uint64_t next_order_ = 0;
  std::map<std::pair<int64_t, uint64_t>, Task> tasks_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_MANUAL_TASK_RUNNER_H_
