// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_THREAD_POLICY_H_
#define COMMON_BASE_THREAD_POLICY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// What a thread was given of what it asked for.
struct ThreadGrant {
  bool realtime = false;
  bool memory_locked = false;
  // -1: not pinned.
  int cpu = -1;
  // What was refused: what, why, and what would allow it.
  std::vector<std::string> refusals;
};

// How a thread is scheduled. Apply() is called once, on the thread itself, before its work.
class ThreadPolicy {
 public:
  virtual ~ThreadPolicy() = default;
  virtual ThreadGrant Apply() = 0;
};

// A thread that must not be late: SCHED_FIFO, pinned to a processor, its stack touched, and the
// pages of the process kept in memory. Each part stands alone: what is refused is left out.
class RealtimeThreadPolicy final : public ThreadPolicy {
 public:
  struct Options {
    // Of 1 to 99. Low: above every ordinary thread, and below the kernel's own work (50).
    int priority = 10;
    // -1: not pinned.
    int cpu = -1;
  };
  explicit RealtimeThreadPolicy(const Options& options) : options_(options) {}
  ThreadGrant Apply() override;

 private:
  const Options options_;
};

// A processor in words: "last" (of those that this process may use), "none" (-1), or its number.
// InvalidArgument: none of these.
absl::StatusOr<int> ParseCpu(absl::string_view text);

}  // namespace tinyjoule

#endif  // COMMON_BASE_THREAD_POLICY_H_
