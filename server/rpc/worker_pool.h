// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_WORKER_POOL_H_
#define SERVER_RPC_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tinyjoule {

// Threads for work that may block for long, away from the core sequence: exports, verification.
// Thread-safe. The destructor finishes what was taken on.
class WorkerPool {
 public:
  // At most `max_waiting` jobs wait for a thread.
  WorkerPool(size_t threads, size_t max_waiting);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when too many are waiting.
  [[nodiscard]] bool TryRun(std::function<void()> job);

 private:
  void Loop();
  bool MayTake() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !jobs_.empty(); }

  const size_t max_waiting_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_WORKER_POOL_H_
