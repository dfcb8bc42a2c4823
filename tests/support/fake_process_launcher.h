// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_PROCESS_LAUNCHER_H_
#define TESTS_SUPPORT_FAKE_PROCESS_LAUNCHER_H_

#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/child_process.h"

namespace tinyjoule {

// A child that answers from a function, on the caller's thread. It never makes its reader wait: a
// read with nothing to give is DeadlineExceeded.
class FakeChildProcess final : public ChildProcess {
 public:
  // Gets what was written; answers through Say and Exit.
  using Script = std::function<void(FakeChildProcess& child, const std::string& written)>;

  explicit FakeChildProcess(Script script) : script_(std::move(script)) {}

  void Say(std::string bytes) { output_.push_back(std::move(bytes)); }
  void Exit(ExitState state) {
    if (!state_) state_ = state;
  }

  absl::Status Write(absl::string_view bytes) override {
    if (state_) return absl::UnavailableError("the child took no more input");
    script_(*this, std::string(bytes));
    return absl::OkStatus();
  }
  void CloseInput() override { Exit({}); }
  absl::StatusOr<std::string> Read(size_t, int64_t) override {
    if (!output_.empty()) {
      std::string bytes = std::move(output_.front());
      output_.pop_front();
      return bytes;
    }
    if (state_) return std::string();
    return absl::DeadlineExceededError("nothing was said");
  }
  int pid() const override { return 0; }
  void Kill(int signal) override { Exit({0, signal}); }
  ExitState Wait() override { return state_.value_or(ExitState{}); }
  std::optional<ExitState> Poll() override { return state_; }

 private:
  Script script_;
  std::deque<std::string> output_;
  std::optional<ExitState> state_;
};

// Starts FakeChildProcesses that all follow one script, and remembers what it was asked for.
class FakeProcessLauncher final : public ProcessLauncher {
 public:
  explicit FakeProcessLauncher(FakeChildProcess::Script script) : script_(std::move(script)) {}

  absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(const ProcessOptions& options) override {
    launched_.push_back(options);
    if (!launch_error_.ok()) return launch_error_;
    return std::make_unique<FakeChildProcess>(script_);
  }

  const std::vector<ProcessOptions>& launched() const { return launched_; }
  void set_launch_error(absl::Status status) { launch_error_ = std::move(status); }

 private:
  FakeChildProcess::Script script_;
  std::vector<ProcessOptions> launched_;
  absl::Status launch_error_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_PROCESS_LAUNCHER_H_
