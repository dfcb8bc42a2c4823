// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_CHILD_PROCESS_H_
#define COMMON_BASE_CHILD_PROCESS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// How a process ended.
struct ExitState {
  // Valid when signal is 0.
  int exit_code = 0;
  int signal = 0;
  bool ok() const { return signal == 0 && exit_code == 0; }
  // "exited with 1", "was killed by signal 9 (Killed)".
  std::string Describe() const;
};

struct ProcessOptions {
  // argv[0] is the program: a path, or a name to be found in PATH.
  std::vector<std::string> arguments;
  // "NAME=value", added to this process's environment.
  std::vector<std::string> environment;
  // Standard error is appended to this file; empty: this process's own.
  std::string stderr_path;
  // CPUs that the child is bound to; empty: this thread's.
  std::vector<int> cpus = {};
  // Added to this process's niceness.
  int niceness = 0;
};

// A running child with pipes on its standard input and output. It gets SIGKILL when this process
// or the thread that launched it dies (PR_SET_PDEATHSIG): launch from a thread that outlives the
// child. The destructor kills and reaps it. Reads and writes may be on different
// threads; each side on one at a time.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  // Writes everything. Unavailable when the child closed its input or died.
  [[nodiscard]] virtual absl::Status Write(absl::string_view bytes) = 0;
  virtual void CloseInput() = 0;
  // Up to `limit` bytes, waiting for at least one; an empty string at the end. DeadlineExceeded
  // after timeout_ns (negative: no limit).
  virtual absl::StatusOr<std::string> Read(size_t limit, int64_t timeout_ns) = 0;
  virtual int pid() const = 0;
  virtual void Kill(int signal) = 0;
  // Waits until it ended; the same answer when called again.
  virtual ExitState Wait() = 0;
  // The state, if it ended.
  virtual std::optional<ExitState> Poll() = 0;
};

// Starts children: an interface, so that a test can put a thread in a child's place.
class ProcessLauncher {
 public:
  virtual ~ProcessLauncher() = default;
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(const ProcessOptions& options) = 0;
};

class PosixProcessLauncher final : public ProcessLauncher {
 public:
  absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(const ProcessOptions& options) override;
};

// A program of ours that lies beside this one: "<folder of /proc/self/exe>/name", or `name` when it
// is not there, to be found in PATH.
std::string SiblingProgram(absl::string_view name);

}  // namespace tinyjoule

#endif  // COMMON_BASE_CHILD_PROCESS_H_
