// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The part of Measurement that brings the board to a steady state under load.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/core/job_spec.h"
#include "agent/core/measurement.h"
#include "agent/core/run_summary.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kMinPilotNs = 50 * kNsPerMs;
constexpr int64_t kMaxPilotNs = kNsPerSecond;

}  // namespace

absl::Status Measurement::WarmUp() {
  EnterPhase(v1::RUN_PHASE_WARMUP);
  const int64_t start_ns = clock_.MonotonicNs();
  const int64_t min_ns = ToNs(job_.warmup_min());
  const int64_t max_ns = std::max(ToNs(job_.warmup_max()), min_ns);
  v1::RunCommand run;
  run.set_duration_ns(std::clamp(min_ns / 10, kMinPilotNs, kMaxPilotNs));
  const auto least = static_cast<int64_t>(Trend::kLeastReadings);
  Steadiness steadiness(std::max(min_ns, least * run.duration_ns()));
  while (true) {
    TJ_ASSIGN_OR_RETURN(const v1::WindowDone done,
                        RunInferences(run, run.duration_ns() + options_.window_slack_ns));
    TJ_RETURN_IF_ERROR(NotePilot(done, steadiness));
    const int64_t elapsed_ns = clock_.MonotonicNs() - start_ns;
    const bool steady = pilot_.steady() && steadiness.Movements().empty();
    if (elapsed_ns >= min_ns && steady) return ReadMemory();
    if (elapsed_ns >= max_ns) break;
  }
  std::vector<std::string> movements = steadiness.Movements();
  if (!pilot_.steady()) {
    movements.push_back(
        absl::StrFormat("the latency moved by over %.0f %%", Pilot::kTolerance * 100));
  }
  AddFlag("NO_STEADY_STATE",
          absl::StrFormat("after %.1f s %s", static_cast<double>(max_ns) * 1e-9,
                          absl::StrJoin(movements, "; ")),
          &result_);
  return ReadMemory();
}

absl::Status Measurement::NotePilot(const v1::WindowDone& done, Steadiness& steadiness) {
  pilot_.Add(done);
  TJ_RETURN_IF_ERROR(KeepGoing());
  const int64_t end_ns = done.end_mono_ns();
  if (recorder_) {
    const std::optional<double> power_w = recorder_->MeanPowerW({done.start_mono_ns(), end_ns});
    if (power_w) steadiness.AddPower(end_ns, *power_w);
  }
  if (board_history_.temp_c()) steadiness.AddTemperature(end_ns, *board_history_.temp_c());
  return absl::OkStatus();
}

absl::Status Measurement::ReadMemory() {
  v1::RunnerCommand command;
  command.mutable_memory();
  TJ_RETURN_IF_ERROR(runner_->Send(command));
  TJ_ASSIGN_OR_RETURN(const v1::RunnerEvent event,
                      Expect(v1::RunnerEvent::kMemory, options_.finish_timeout_ns));
  result_.mutable_memory()->set_warm_bytes(event.memory().pss_bytes());
  result_.mutable_memory()->set_load_peak_bytes(event.memory().peak_bytes());
  return absl::OkStatus();
}

}  // namespace tinyjoule
