// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The part of Measurement before the first recorded sample: artifacts, cool-down, runner, model,
// predictions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/core/job_spec.h"
#include "agent/core/measurement.h"
#include "agent/core/run_summary.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kFetchRetryNs = kNsPerSecond;
constexpr int64_t kTemperatureIntervalNs = kNsPerSecond;

}  // namespace

absl::StatusOr<std::string> Measurement::FetchArtifact(const std::string& sha256) {
  const int64_t deadline_ns = clock_.MonotonicNs() + options_.fetch_timeout_ns;
  while (true) {
    absl::StatusOr<std::string> path = dependencies_.artifacts.Ensure(
        sha256, dependencies_.artifact_source, [this] { return KeepGoing(); });
    const bool again =
        absl::IsUnavailable(path.status()) || absl::IsDeadlineExceeded(path.status());
    if (path.ok() || absl::IsCancelled(path.status())) return path;
    if (!again || clock_.MonotonicNs() >= deadline_ns) {
      return Annotate(path.status(), absl::StrCat("cannot fetch artifact ", sha256));
    }
    TJ_RETURN_IF_ERROR(WaitUntil(clock_.MonotonicNs() + kFetchRetryNs));
  }
}

absl::Status Measurement::CoolDown() {
  EnterPhase(v1::RUN_PHASE_COOLDOWN);
  const int64_t start_ns = clock_.MonotonicNs();
  TJ_RETURN_IF_ERROR(WaitUntil(options_.last_load_ns + ToNs(job_.cooldown_min())));
  if (!job_.has_cooldown_until_temp_c()) return absl::OkStatus();
  const int64_t deadline_ns = start_ns + ToNs(job_.cooldown_timeout());
  while (true) {
    const std::optional<double> temp_c = dependencies_.board.Read().temp_c;
    if (!temp_c || *temp_c <= job_.cooldown_until_temp_c()) return absl::OkStatus();
    if (clock_.MonotonicNs() >= deadline_ns) {
      AddFlag("COOLDOWN_TIMEOUT",
              absl::StrFormat("%.1f C at the start; %.1f C were asked for", *temp_c,
                              job_.cooldown_until_temp_c()),
              &result_);
      return absl::OkStatus();
    }
    TJ_RETURN_IF_ERROR(WaitUntil(clock_.MonotonicNs() + kTemperatureIntervalNs));
  }
}

absl::Status Measurement::StartRunner() {
  EnterPhase(v1::RUN_PHASE_STARTING);
  // The log belongs to this attempt alone.
  TJ_RETURN_IF_ERROR(dependencies_.file_system.RemoveFile(options_.runner_log_path));
  ProcessOptions process;
  process.arguments = {options_.runner_program};
  if (!options_.marker.empty()) {
    process.arguments.insert(process.arguments.end(), {"--marker", options_.marker});
  }
  process.stderr_path = options_.runner_log_path;
  process.cpus = RunnerCpus();
  TJ_ASSIGN_OR_RETURN(runner_, RunnerSession::Start(dependencies_.launcher, process, clock_,
                                                    [this] { return KeepGoing(); }));
  runner_started_ = true;
  PlaceRunner(process.cpus);
  if (dependencies_.follow_process) dependencies_.follow_process(runner_->pid());
  TJ_ASSIGN_OR_RETURN(const v1::RunnerEvent event,
                      Expect(v1::RunnerEvent::kStarted, options_.start_timeout_ns));
  result_.mutable_memory()->set_before_bytes(event.started().pss_bytes());
  return absl::OkStatus();
}

absl::Status Measurement::Load(const std::string& model_path, const std::string& inputs_path) {
  v1::RunnerCommand command;
  v1::LoadCommand& load = *command.mutable_load();
  load.set_model_path(model_path);
  load.set_inputs_path(inputs_path);
  load.set_engine(job_.engine());
  load.set_threads(std::max(job_.threads(), 1u));
  TJ_RETURN_IF_ERROR(runner_->Send(command));
  TJ_ASSIGN_OR_RETURN(const v1::RunnerEvent event,
                      Expect(v1::RunnerEvent::kLoaded, options_.load_timeout_ns));
  result_.mutable_memory()->set_loaded_bytes(event.loaded().pss_bytes());
  result_.set_engine_version(event.loaded().engine_version());
  result_.set_peak_activation_bytes(event.loaded().peak_activation_bytes());
  predictions_.emplace(observer_, event.loaded().row_count(),
                       event.loaded().values_per_prediction());
  return absl::OkStatus();
}

absl::Status Measurement::Predict() {
  EnterPhase(v1::RUN_PHASE_PREDICTING);
  v1::RunnerCommand command;
  command.mutable_predict();
  TJ_RETURN_IF_ERROR(runner_->Send(command));
  while (true) {
    TJ_ASSIGN_OR_RETURN(const v1::RunnerEvent event,
                        runner_->Receive(clock_.MonotonicNs() + options_.predict_timeout_ns));
    if (event.has_predicted()) return predictions_->Finish();
    if (!event.has_predictions()) {
      return absl::DataLossError("the runner answered something else than predictions");
    }
    TJ_RETURN_IF_ERROR(predictions_->Add(event.predictions()));
  }
}

}  // namespace tinyjoule
