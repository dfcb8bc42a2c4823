// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/task_runner.h"

#include <pthread.h>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace tinyjoule {

ThreadTaskRunner::ThreadTaskRunner(const char* thread_name) : thread_([this] { Loop(); }) {
  pthread_setname_np(thread_.native_handle(), thread_name);
}

ThreadTaskRunner::~ThreadTaskRunner() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void ThreadTaskRunner::Post(Task task) { PostDelayed(0, std::move(task)); }

void ThreadTaskRunner::PostDelayed(int64_t delay_ns, Task task) {
  const int64_t due = delay_ns <= 0 ? 0 : SystemClock().MonotonicNs() + delay_ns;
  absl::MutexLock lock(&mutex_);
  tasks_.emplace(std::make_pair(due, next_order_++), std::move(task));
}

bool ThreadTaskRunner::RunsTasksOnCurrentThread() const {
  return std::this_thread::get_id() == thread_.get_id();
}

void ThreadTaskRunner::Loop() {
  const SystemClock clock;
  const auto has_due_task = [this, &clock]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stopping_ || (!tasks_.empty() && tasks_.begin()->first.first <= clock.MonotonicNs());
  };
  while (true) {
    Task task;
    {
      absl::MutexLock lock(&mutex_);
      while (!has_due_task()) {
        // A task posted with an earlier time changes the set and so wakes the wait.
        const uint64_t seen = next_order_;
        const auto changed = [this, seen]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
          return stopping_ || next_order_ != seen;
        };
        if (tasks_.empty()) {
          mutex_.Await(absl::Condition(&changed));
        } else {
          const int64_t wait = tasks_.begin()->first.first - clock.MonotonicNs();
          if (wait > 0) {
            mutex_.AwaitWithTimeout(absl::Condition(&changed), absl::Nanoseconds(wait));
          }
        }
      }
      if (stopping_) return;
      task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
    }
    task();
  }
}

void RunAndWait(TaskRunner& runner, const std::function<void()>& task) {
  if (runner.RunsTasksOnCurrentThread()) {
    task();
    return;
  }
  absl::Notification done;
  runner.Post([&] {
    task();
    done.Notify();
  });
  done.WaitForNotification();
}

}  // namespace tinyjoule
