// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/run_summary.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/core/board_state.h"
#include "common/base/clock.h"
#include "common/energy/energy_report.h"
#include "common/energy/flag_catalog.h"
#include "common/energy/sampler_flags.h"

namespace tinyjoule {
namespace {

void CopyReport(const EnergyReport& report, v1::RunResult* result) {
  int next = 0;
  for (v1::MarkedWindow& window : *result->mutable_windows()) {
    if (window.kind() != v1::WINDOW_KIND_INFERENCE) continue;
    if (next == static_cast<int>(report.windows.size())) break;
    const v1::WindowEnergy& energy = report.windows[static_cast<size_t>(next++)];
    if (energy.has_energy_j()) window.set_energy_j(energy.energy_j());
  }
  for (const v1::Flag& flag : report.flags) PutFlag(flag, *result->mutable_flags());
}

void AddSampleFlags(const SampleRecorder& recorder, v1::RunResult* result) {
  if (recorder.sensor().simulated()) {
    AddFlag("SIMULATED", absl::StrCat("the watts come from ", recorder.sensor().uri()), result);
  }
  if (recorder.dropped() > 0) {
    AddFlag("SAMPLES_DROPPED",
            absl::StrFormat("%d samples were lost in the agent", recorder.dropped()), result);
  }
}

void AddSamplerFlags(const SampleRecorder& recorder, v1::RunResult* result) {
  if (result->has_sampler()) {
    for (const v1::Flag& flag : SamplerFlags(recorder.sensor(), result->sampler())) {
      PutFlag(flag, *result->mutable_flags());
    }
  } else if (recorder.failed_reads() > 0) {
    AddFlag("I2C_ERROR", absl::StrFormat("%d reads failed", recorder.failed_reads()), result);
  }
}

}  // namespace

void AddFlag(const std::string& name, const std::string& detail, v1::RunResult* result) {
  PutFlag(MakeFlag(name, detail), *result->mutable_flags());
}

void AddEnergies(const SampleRecorder& recorder, v1::RunResult* result) {
  *result->mutable_sensor() = recorder.sensor();
  result->set_sample_chunks(recorder.chunk_count());
  result->set_sample_count(recorder.sample_count());
  result->set_samples_dropped(recorder.dropped());
  AddSamplerFlags(recorder, result);
  if (recorder.sample_count() == 0) {
    result->set_energy_absent_reason(
        absl::StrCat("the sensor ", recorder.sensor().uri(), " gave no sample"));
    return;
  }
  if (recorder.record_is_whole()) {
    const std::vector<v1::MarkedWindow> windows(result->windows().begin(), result->windows().end());
    const absl::StatusOr<EnergyReport> report =
        ComputeEnergy(recorder.sensor(), recorder.record(), windows);
    if (report.ok()) {
      CopyReport(*report, result);
    } else {
      result->set_energy_absent_reason(std::string(report.status().message()));
    }
  } else {
    result->set_energy_absent_reason(absl::StrFormat(
        "the run has %d samples and the agent keeps the first %d for figures of its own: there is "
        "nothing to check the coordinator's figures against",
        recorder.sample_count(), recorder.record().size()));
  }
  AddSampleFlags(recorder, result);
}

void AddBoardFlags(uint32_t events, v1::RunResult* result) {
  if ((events & kThrottledBits) != 0) {
    AddFlag("THROTTLED", absl::StrFormat("the firmware's bits were 0x%x", events), result);
  }
  if ((events & kUndervoltBits) != 0) {
    PutFlag(MakeFlag("UNDERVOLT", /*fatal=*/true, "the firmware saw the supply below 4.63 V"),
            *result->mutable_flags());
  }
}

google::protobuf::Timestamp ToTimestamp(int64_t utc_ns) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(utc_ns / kNsPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(utc_ns % kNsPerSecond));
  return timestamp;
}

}  // namespace tinyjoule
