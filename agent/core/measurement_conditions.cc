// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The part of Measurement that sees to the conditions of a run: preflight, pads, the runner's
// place, and what ran beside it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/core/cpu_list.h"
#include "agent/core/measurement.h"
#include "agent/core/preflight.h"
#include "agent/core/run_summary.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// Between a mark and a read-back of the sensor's configuration: one conversion may be under way,
// the read-back follows it, and one more shows that sampling goes on.
constexpr uint64_t kPadConversions = 3;
constexpr int64_t kSampleTimeoutNs = kNsPerSecond;

}  // namespace

absl::Status Measurement::Preflight() {
  EnterPhase(v1::RUN_PHASE_PREFLIGHT);
  PreflightEvidence evidence;
  if (recorder_) {
    TJ_RETURN_IF_ERROR(Pad());
    evidence.sensor = recorder_->sensor();
    evidence.sensor_answers = recorder_->seen_count() > 0;
    evidence.sampler = dependencies_.samples->Report();
    evidence.spool_needed_bytes = SpoolBytesNeeded(job_, recorder_->sensor().cycle_ns());
    evidence.spool_room_bytes = observer_.RoomBytes();
  }
  evidence.board = dependencies_.board.Read();
  evidence.max_temp_c =
      job_.has_cooldown_until_temp_c() ? job_.cooldown_until_temp_c() : kDefaultMaxStartTempC;
  const std::vector<std::string> failures = PreflightFailures(evidence);
  if (failures.empty()) return absl::OkStatus();
  const std::string detail = absl::StrJoin(failures, "; ");
  if (job_.preflight() == v1::PREFLIGHT_ACTION_REFUSE) {
    return absl::FailedPreconditionError(absl::StrCat("preflight: ", detail));
  }
  AddFlag("PREFLIGHT", detail, &result_);
  return absl::OkStatus();
}

// A few conversions on either side of every mark, in which the sensor's configuration is read back:
// never between the marks, where it would cost a conversion.
absl::Status Measurement::Pad() {
  if (!recorder_) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(recorder_->Poll());
  dependencies_.samples->RequestCheck();
  const uint64_t enough = recorder_->seen_count() + kPadConversions;
  const int64_t deadline_ns = clock_.MonotonicNs() + kSampleTimeoutNs;
  while (recorder_->seen_count() < enough && !recorder_->source_ended() &&
         clock_.MonotonicNs() < deadline_ns) {
    TJ_RETURN_IF_ERROR(WaitUntil(clock_.MonotonicNs() + kNsPerMs));
  }
  return absl::OkStatus();
}

// What the agent was told, else every CPU but the sampler's, unless the job asks for more threads
// than those are.
std::vector<int> Measurement::RunnerCpus() const {
  if (!options_.runner_cpus.empty()) return options_.runner_cpus;
  const int sampler_cpu = recorder_ ? dependencies_.samples->Report().cpu() : -1;
  std::vector<int> cpus = dependencies_.board.OnlineCpus();
  if (sampler_cpu < 0 || cpus.size() < 2) return {};
  cpus.erase(std::remove(cpus.begin(), cpus.end(), sampler_cpu), cpus.end());
  return cpus.size() >= job_.threads() ? cpus : std::vector<int>();
}

void Measurement::PlaceRunner(const std::vector<int>& cpus) {
  v1::IsolationReport& isolation = *result_.mutable_isolation();
  isolation.set_cpus(FormatCpuList(cpus));
  isolation.set_marker(options_.marker);
  if (dependencies_.cgroup == nullptr) {
    isolation.set_cgroup_absent_reason(options_.cgroup_absent_reason);
    return;
  }
  const absl::Status placed = dependencies_.cgroup->Place(runner_->pid(), isolation.cpus());
  if (placed.ok()) {
    isolation.set_cgroup(dependencies_.cgroup->path());
  } else {
    isolation.set_cgroup_absent_reason(std::string(placed.message()));
  }
}

std::optional<UsageReading> Measurement::ReadUsageNow() const {
  return ReadUsage(dependencies_.file_system, dependencies_.root, runner_->pid());
}

void Measurement::ReportConditions() {
  if (runner_started_) interference_.Report(result_.mutable_isolation());
  if (const std::string why = interference_.Describe(); !why.empty()) {
    AddFlag("INTERFERENCE", why, &result_);
  }
  if (clock_watch_.steps() > 0) {
    AddFlag("CLOCK_STEP",
            absl::StrFormat("%d steps, %.3f s in all", clock_watch_.steps(),
                            static_cast<double>(clock_watch_.stepped_ns()) * 1e-9),
            &result_);
  }
}

}  // namespace tinyjoule
