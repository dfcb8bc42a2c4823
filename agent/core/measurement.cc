// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/measurement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/core/job_spec.h"
#include "agent/core/run_summary.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kWaitSliceNs = 20 * kNsPerMs;
constexpr int64_t kBoardIntervalNs = kNsPerSecond;
constexpr int kMaxResizes = 5;
constexpr uint64_t kRunnerLogBytes = 4096;

absl::Status CheckWindowDone(const v1::WindowDone& done, const v1::RunCommand& run) {
  const bool counted = run.inference_count() == 0 ? done.inference_count() > 0
                                                  : done.inference_count() == run.inference_count();
  if (counted && done.end_mono_ns() >= done.start_mono_ns()) return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat(
      "the runner reports %d inferences (%d were asked for) from %d to %d ns",
      done.inference_count(), run.inference_count(), done.start_mono_ns(), done.end_mono_ns()));
}

}  // namespace

Measurement::Measurement(const v1::JobSpec& job, const MeasurementOptions& options,
                         const MeasurementDependencies& dependencies, MeasurementObserver& observer)
    : job_(job),
      options_(options),
      dependencies_(dependencies),
      observer_(observer),
      clock_(dependencies.clock) {
  if (dependencies.samples != nullptr) {
    recorder_.emplace(*dependencies.samples, observer, dependencies.tap);
  }
}

void Measurement::Cancel(bool now) {
  CancelMode expected = CancelMode::kNone;
  if (now) {
    cancel_ = CancelMode::kNow;
  } else {
    cancel_.compare_exchange_strong(expected, CancelMode::kAfterWindow);
  }
}

v1::RunResult Measurement::Run() {
  *result_.mutable_started_at() = ToTimestamp(clock_.UtcNs());
  Conclude(Execute());
  return result_;
}

absl::Status Measurement::Execute() {
  EnterPhase(v1::RUN_PHASE_FETCHING);
  TJ_ASSIGN_OR_RETURN(const std::string model_path, FetchArtifact(job_.model_sha256()));
  TJ_ASSIGN_OR_RETURN(const std::string inputs_path, FetchArtifact(job_.inputs_sha256()));
  TJ_RETURN_IF_ERROR(CoolDown());
  TJ_RETURN_IF_ERROR(Preflight());
  TJ_RETURN_IF_ERROR(StartRunner());
  TJ_RETURN_IF_ERROR(Load(model_path, inputs_path));
  TJ_RETURN_IF_ERROR(Predict());
  if (recorder_) recorder_->StartRecording();
  TJ_RETURN_IF_ERROR(Idle(v1::WINDOW_KIND_IDLE_A));
  TJ_RETURN_IF_ERROR(WarmUp());
  TJ_RETURN_IF_ERROR(MeasureWindows());
  TJ_RETURN_IF_ERROR(Idle(v1::WINDOW_KIND_IDLE_B));
  return FinishRunner();
}

absl::Status Measurement::Idle(v1::WindowKind kind) {
  EnterPhase(kind == v1::WINDOW_KIND_IDLE_A ? v1::RUN_PHASE_IDLE_A : v1::RUN_PHASE_IDLE_B);
  if (!recorder_) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(Pad());
  v1::WindowDone span;
  span.set_start_mono_ns(clock_.MonotonicNs());
  TJ_RETURN_IF_ERROR(WaitUntil(span.start_mono_ns() + ToNs(job_.idle())));
  span.set_end_mono_ns(clock_.MonotonicNs());
  AddWindow(kind, 0, span);
  return Pad();
}

absl::Status Measurement::MeasureWindows() {
  const int64_t window_min_ns = ToNs(job_.window_min());
  uint64_t count = pilot_.SizeWindow(window_min_ns);
  int resized = 0;
  for (uint32_t window = 0; window < job_.window_count();) {
    EnterPhase(v1::RUN_PHASE_WINDOW, window);
    TJ_ASSIGN_OR_RETURN(const v1::WindowDone done, MeasureWindow(count));
    const int64_t duration_ns = done.end_mono_ns() - done.start_mono_ns();
    // The pilots were slower than the windows are: what came out short is no window.
    if (duration_ns < window_min_ns && resized++ < kMaxResizes) {
      count = Pilot::Resize(count, duration_ns, window_min_ns);
      continue;
    }
    AddWindow(v1::WINDOW_KIND_INFERENCE, window++, done);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::WindowDone> Measurement::MeasureWindow(uint64_t count) {
  TJ_RETURN_IF_ERROR(Pad());
  // A cancellation that came before stops here; one that comes now waits for the window's end.
  TJ_RETURN_IF_ERROR(KeepGoing());
  v1::RunCommand run;
  run.set_measured(true);
  run.set_inference_count(count);
  const auto expected_ns = static_cast<int64_t>(static_cast<double>(count) * pilot_.latency_ns());
  in_window_ = true;
  interference_.Begin(ReadUsageNow(), clock_.MonotonicNs());
  auto done = RunInferences(run, 3 * expected_ns + options_.window_slack_ns);
  if (done.ok()) interference_.End(ReadUsageNow(), clock_.MonotonicNs());
  in_window_ = false;
  return done;
}

absl::StatusOr<v1::WindowDone> Measurement::RunInferences(const v1::RunCommand& run,
                                                          int64_t timeout_ns) {
  v1::RunnerCommand command;
  *command.mutable_run() = run;
  TJ_RETURN_IF_ERROR(runner_->Send(command));
  TJ_ASSIGN_OR_RETURN(const v1::RunnerEvent event,
                      Expect(v1::RunnerEvent::kWindowDone, timeout_ns));
  TJ_RETURN_IF_ERROR(CheckWindowDone(event.window_done(), run));
  return event.window_done();
}

absl::Status Measurement::FinishRunner() {
  v1::RunnerCommand command;
  command.mutable_finish();
  TJ_RETURN_IF_ERROR(runner_->Send(command));
  TJ_ASSIGN_OR_RETURN(const v1::RunnerEvent event,
                      Expect(v1::RunnerEvent::kFinished, options_.finish_timeout_ns));
  *result_.mutable_latency() = event.finished().latency();
  result_.mutable_memory()->set_after_bytes(event.finished().pss_bytes());
  result_.mutable_memory()->set_peak_bytes(event.finished().peak_bytes());
  return runner_->WaitForExit(clock_.MonotonicNs() + options_.finish_timeout_ns);
}

void Measurement::Conclude(const absl::Status& status) {
  runner_.reset();
  if (dependencies_.follow_process) dependencies_.follow_process(0);
  absl::Status outcome = status;
  if (recorder_) {
    const absl::Status flushed = recorder_->Flush();
    if (outcome.ok()) outcome = flushed;
    *result_.mutable_sampler() = dependencies_.samples->Report();
    AddEnergies(*recorder_, &result_);
  } else {
    result_.set_energy_absent_reason(options_.energy_absent_reason);
  }
  if (predictions_) result_.set_prediction_chunks(predictions_->chunk_count());
  *result_.mutable_board() = board_history_.ToProto();
  AddBoardFlags(board_history_.events(), &result_);
  ReportConditions();
  if (runner_started_) result_.set_runner_log(ReadRunnerLog());
  result_.set_state(outcome.ok()                 ? v1::ATTEMPT_STATE_SUCCEEDED
                    : absl::IsCancelled(outcome) ? v1::ATTEMPT_STATE_CANCELLED
                                                 : v1::ATTEMPT_STATE_FAILED);
  if (!outcome.ok()) result_.set_reason(std::string(outcome.message()));
  *result_.mutable_finished_at() = ToTimestamp(clock_.UtcNs());
}

void Measurement::EnterPhase(v1::RunPhase phase, uint32_t window) {
  observer_.OnPhase(phase, window);
}

absl::Status Measurement::KeepGoing() {
  const CancelMode cancel = cancel_.load();
  if (cancel == CancelMode::kNow || (cancel == CancelMode::kAfterWindow && !in_window_)) {
    return absl::CancelledError("cancelled by the coordinator");
  }
  const int64_t now_ns = clock_.MonotonicNs();
  clock_watch_.Look(now_ns, clock_.UtcNs());
  if (now_ns >= next_board_reading_ns_ && runner_started_) {
    board_history_.Add(dependencies_.board.Read());
    next_board_reading_ns_ = now_ns + kBoardIntervalNs;
  }
  return recorder_ ? recorder_->Poll() : absl::OkStatus();
}

absl::Status Measurement::WaitUntil(int64_t deadline_ns) {
  for (int64_t now_ns = clock_.MonotonicNs(); now_ns < deadline_ns; now_ns = clock_.MonotonicNs()) {
    clock_.SleepUntil(std::min(deadline_ns, now_ns + kWaitSliceNs));
    TJ_RETURN_IF_ERROR(KeepGoing());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::RunnerEvent> Measurement::Expect(v1::RunnerEvent::EventCase wanted,
                                                    int64_t timeout_ns) {
  TJ_ASSIGN_OR_RETURN(v1::RunnerEvent event, runner_->Receive(clock_.MonotonicNs() + timeout_ns));
  if (event.event_case() == wanted) return event;
  return absl::DataLossError(absl::StrFormat("the runner sent event %d where event %d was due",
                                             event.event_case(), wanted));
}

void Measurement::AddWindow(v1::WindowKind kind, uint32_t index, const v1::WindowDone& done) {
  v1::MarkedWindow& window = *result_.add_windows();
  window.set_kind(kind);
  window.set_index(index);
  window.set_start_mono_ns(done.start_mono_ns());
  window.set_end_mono_ns(done.end_mono_ns());
  window.set_inference_count(done.inference_count());
}

std::string Measurement::ReadRunnerLog() {
  FileSystem& file_system = dependencies_.file_system;
  const uint64_t size = file_system.FileSize(options_.runner_log_path).value_or(0);
  const uint64_t offset = size > kRunnerLogBytes ? size - kRunnerLogBytes : 0;
  return ToValidUtf8(
      file_system.ReadRange(options_.runner_log_path, offset, kRunnerLogBytes).value_or(""));
}

}  // namespace tinyjoule
