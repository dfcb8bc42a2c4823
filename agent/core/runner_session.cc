// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/runner_session.h"

#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr int64_t kWaitSliceNs = 20 * kNsPerMs;
// A child whose output has ended is about to end itself.
constexpr int64_t kExitGraceNs = 2 * kNsPerSecond;

absl::Status FailureStatus(const v1::RunnerFailure& failure) {
  const auto code = static_cast<absl::StatusCode>(failure.code());
  return absl::Status(code == absl::StatusCode::kOk ? absl::StatusCode::kUnknown : code,
                      absl::StrCat("the runner: ", failure.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunnerSession>> RunnerSession::Start(ProcessLauncher& launcher,
                                                                    const ProcessOptions& options,
                                                                    Clock& clock,
                                                                    WaitHook while_waiting) {
  absl::StatusOr<std::unique_ptr<ChildProcess>> child = launcher.Launch(options);
  if (!child.ok()) {
    return Annotate(child.status(), absl::StrCat("cannot start ", options.arguments.front()));
  }
  return std::unique_ptr<RunnerSession>(
      new RunnerSession(*std::move(child), clock, std::move(while_waiting)));
}

RunnerSession::RunnerSession(std::unique_ptr<ChildProcess> child, Clock& clock,
                             WaitHook while_waiting)
    : child_(std::move(child)),
      clock_(clock),
      while_waiting_(std::move(while_waiting)),
      reader_([this] { return ReadOutput(); }) {}

absl::Status RunnerSession::Send(const v1::RunnerCommand& command) {
  TJ_ASSIGN_OR_RETURN(const std::string frame, EncodeFrame(command));
  const absl::Status status = child_->Write(frame);
  // What the runner said before it ended is still to be read: Receive tells.
  return absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

// The waiting happens here, inside the frame reader, so that an event may come in pieces.
absl::StatusOr<std::string> RunnerSession::ReadOutput() {
  while (true) {
    absl::StatusOr<std::string> bytes = child_->Read(kReadBytes, kWaitSliceNs);
    TJ_RETURN_IF_ERROR(while_waiting_());
    if (!absl::IsDeadlineExceeded(bytes.status())) return bytes;
    if (clock_.MonotonicNs() >= deadline_ns_) {
      return absl::DeadlineExceededError("the runner did not answer in time");
    }
  }
}

absl::StatusOr<v1::RunnerEvent> RunnerSession::Receive(int64_t deadline_ns) {
  deadline_ns_ = deadline_ns;
  v1::RunnerEvent event;
  const absl::Status status = reader_.Read(&event);
  if (absl::IsOutOfRange(status)) return DescribeEnd();
  if (absl::IsDataLoss(status)) return Annotate(status, "the runner's output");
  if (!status.ok()) return status;
  if (event.has_failure()) return FailureStatus(event.failure());
  return event;
}

absl::Status RunnerSession::WaitForExit(int64_t deadline_ns) {
  child_->CloseInput();
  while (true) {
    if (const std::optional<ExitState> state = child_->Poll()) {
      if (state->ok()) return absl::OkStatus();
      return absl::UnavailableError(absl::StrCat("the runner ", state->Describe()));
    }
    TJ_RETURN_IF_ERROR(while_waiting_());
    const int64_t now_ns = clock_.MonotonicNs();
    if (now_ns >= deadline_ns) {
      return absl::DeadlineExceededError("the runner did not end after its last answer");
    }
    clock_.SleepUntil(now_ns + kNsPerMs);
  }
}

absl::Status RunnerSession::DescribeEnd() {
  const absl::Status status = WaitForExit(clock_.MonotonicNs() + kExitGraceNs);
  if (absl::IsDeadlineExceeded(status)) {
    return absl::UnavailableError("the runner closed its output and goes on");
  }
  return status.ok() ? absl::UnavailableError("the runner ended too early") : status;
}

}  // namespace tinyjoule
