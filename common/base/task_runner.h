// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_TASK_RUNNER_H_
#define COMMON_BASE_TASK_RUNNER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tinyjoule {

// A sequence: tasks run one after another, never two at once. Core objects live on one and need no
// lock. Post* may be called from any thread.
class TaskRunner {
 public:
  using Task = std::function<void()>;
  virtual ~TaskRunner() = default;
  virtual void Post(Task task) = 0;
  // Runs the task after at least delay_ns; tasks of equal time run in the order of posting.
  virtual void PostDelayed(int64_t delay_ns, Task task) = 0;
  // True on the sequence itself.
  virtual bool RunsTasksOnCurrentThread() const = 0;
};

// A sequence on a thread of its own. The destructor drops the tasks that have not started and
// joins; it must not run on the sequence.
class ThreadTaskRunner final : public TaskRunner {
 public:
  explicit ThreadTaskRunner(const char* thread_name);
  ~ThreadTaskRunner() override;
  ThreadTaskRunner(const ThreadTaskRunner&) = delete;
  ThreadTaskRunner& operator=(const ThreadTaskRunner&) = delete;

  void Post(Task task) override;
  void PostDelayed(int64_t delay_ns, Task task) override;
  bool RunsTasksOnCurrentThread() const override;

 private:
  void Loop();

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t next_order_ ABSL_GUARDED_BY(mutex_) = 0;
  // By due time (CLOCK_MONOTONIC_RAW), then by order of posting.
  std::map<std::pair<int64_t, uint64_t>, Task> tasks_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// Posts the task and waits until it ran; runs it at once when already on the sequence. Do not call
// it while holding anything that the sequence may wait for.
void RunAndWait(TaskRunner& runner, const std::function<void()>& task);

}  // namespace tinyjoule

#endif  // COMMON_BASE_TASK_RUNNER_H_
