// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/service_loop.h"

#include <pthread.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_service_manager.h"

namespace tinyjoule {
namespace {

// A sequence that hangs until it is told to run what was posted.
class HungTaskRunner final : public TaskRunner {
 public:
  void Post(Task task) override {
    absl::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  void PostDelayed(int64_t, Task task) override { Post(std::move(task)); }
  bool RunsTasksOnCurrentThread() const override { return false; }
  bool WaitForTasks(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto posted = [this, count]()
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { return tasks_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&posted), absl::Seconds(20));
  }
  // How many there were.
  size_t RunTasks() {
    absl::MutexLock lock(&mutex_);
    for (const Task& task : tasks_) task();
    return std::exchange(tasks_, {}).size();
  }

 private:
  absl::Mutex mutex_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

TEST(ServiceLoopTest, FeedsTheWatchdogOnlyWhileTheCoreAnswers) {
  FakeServiceManager manager;
  const ServiceNotifier notifier(manager.address(), 2 * kNsPerMs);
  HungTaskRunner core;
  const sigset_t signals = BlockStopSignals();
  int number = 0;
  std::thread loop([&] { number = WaitForStopSignal(signals, notifier, core); });
  ASSERT_TRUE(core.WaitForTasks(3));
  EXPECT_EQ(manager.Receive(0), "") << "the watchdog was fed past a core that hangs";
  EXPECT_GE(core.RunTasks(), 3u);
  EXPECT_EQ(manager.Receive(0), "WATCHDOG=1");
  pthread_kill(loop.native_handle(), SIGTERM);
  loop.join();
  EXPECT_EQ(number, SIGTERM);
}

TEST(ServiceLoopTest, FeedsTheWatchdogOnlyWhileAllIsWell) {
  FakeServiceManager manager;
  const ServiceNotifier notifier(manager.address(), 2 * kNsPerMs);
  HungTaskRunner core;
  std::atomic<bool> healthy{false};
  const sigset_t signals = BlockStopSignals();
  std::thread loop(
      [&] { WaitForStopSignal(signals, notifier, core, [&healthy] { return healthy.load(); }); });
  ASSERT_TRUE(core.WaitForTasks(1));
  core.RunTasks();
  EXPECT_EQ(manager.Receive(0), "");
  healthy = true;
  core.RunTasks();
  // The first one may still say what was so before.
  ASSERT_TRUE(core.WaitForTasks(2));
  core.RunTasks();
  EXPECT_EQ(manager.Receive(0), "WATCHDOG=1");
  pthread_kill(loop.native_handle(), SIGTERM);
  loop.join();
}

TEST(ServiceLoopTest, LeavesTheCoreAloneWithoutAWatchdog) {
  HungTaskRunner core;
  const sigset_t signals = BlockStopSignals();
  std::thread loop([&] { WaitForStopSignal(signals, ServiceNotifier("", 0), core); });
  pthread_kill(loop.native_handle(), SIGINT);
  loop.join();
  EXPECT_EQ(core.RunTasks(), 0u);
}

}  // namespace
}  // namespace tinyjoule
