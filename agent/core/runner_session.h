// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_RUNNER_SESSION_H_
#define AGENT_CORE_RUNNER_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/framing.h"
#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {

// The agent's side of the runner protocol (runner.proto) with one child process.
//   1. Start() launches the child. 2. Send() a command, Receive() its events, and so on.
//   3. WaitForExit() after Finished; the destructor kills a child that is still there.
// While it waits it calls `while_waiting` every 20 ms or so; an error from there ends the wait and
// is what Receive returns. One thread.
class RunnerSession {
 public:
  using WaitHook = std::function<absl::Status()>;

  // The clock outlives the session.
  static absl::StatusOr<std::unique_ptr<RunnerSession>> Start(ProcessLauncher& launcher,
                                                              const ProcessOptions& options,
                                                              Clock& clock, WaitHook while_waiting);

  int pid() const { return child_->pid(); }
  [[nodiscard]] absl::Status Send(const v1::RunnerCommand& command);
  // The next event, not later than the deadline.
  // DeadlineExceeded: none came. Unavailable: the runner ended, with how. DataLoss: its output is
  // no event. Otherwise: the code and message of its RunnerFailure, or the hook's error.
  absl::StatusOr<v1::RunnerEvent> Receive(int64_t deadline_ns);
  // Closes the runner's input and waits for a clean end. DeadlineExceeded; Unavailable: it ended
  // with another state than 0.
  [[nodiscard]] absl::Status WaitForExit(int64_t deadline_ns);

 private:
  RunnerSession(std::unique_ptr<ChildProcess> child, Clock& clock, WaitHook while_waiting);
  // Bytes of the child's output; empty at the end.
  absl::StatusOr<std::string> ReadOutput();
  // How the child ended, now that its output did.
  absl::Status DescribeEnd();

  const std::unique_ptr<ChildProcess> child_;
  Clock& clock_;
  const WaitHook while_waiting_;
  FrameReader reader_;
  int64_t deadline_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_RUNNER_SESSION_H_
