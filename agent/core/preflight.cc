// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/preflight.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/core/job_spec.h"
#include "common/base/clock.h"

namespace tinyjoule {
namespace {

using Items = std::vector<std::string>;

void CheckClock(const BoardReading& board, Items& items) {
  if (board.clock_is_fixed.value_or(true)) return;
  items.push_back(absl::StrCat("the governor ", board.governor.value_or("?"),
                               " lets the clock follow the load: set it to performance (echo "
                               "performance | sudo tee "
                               "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor)"));
}

void CheckThrottling(const BoardReading& board, Items& items) {
  const uint32_t now = board.throttled.value_or(0) & (kUndervoltBits | kThrottledBits);
  if ((now & kThrottledBits) != 0) {
    items.push_back(absl::StrFormat(
        "the firmware slows the board down (throttled 0x%x): cool it, or use a stronger supply",
        now));
  }
  if ((now & kUndervoltBits) != 0 || board.undervoltage.value_or(false)) {
    items.emplace_back("the supply is below 4.63 V: use a stronger one or a shorter cable");
  }
}

void CheckTemperature(const PreflightEvidence& evidence, Items& items) {
  const std::optional<double>& temp_c = evidence.board.temp_c;
  if (!temp_c || (*temp_c >= 0 && *temp_c <= evidence.max_temp_c)) return;
  items.push_back(
      absl::StrFormat("the board is at %.1f C, outside 0 to %.1f C: cool it, or allow a longer "
                      "measure.cooldown.timeout",
                      *temp_c, evidence.max_temp_c));
}

void CheckSensor(const PreflightEvidence& evidence, Items& items) {
  if (!evidence.sensor_answers) {
    items.push_back(absl::StrCat("the sensor ", evidence.sensor->uri(),
                                 " gives no samples: check its wiring and supply"));
  }
  const v1::SamplerReport& sampler = evidence.sampler;
  if (sampler.reset_seen() || sampler.configuration_changed()) {
    items.push_back(absl::StrFormat(
        "the sensor's configuration reads 0x%04X and 0x%04X was written: stop what else uses the "
        "sensor, check its supply, and restart the agent",
        sampler.configuration_found(), sampler.configuration_written()));
  }
}

void CheckSampler(const v1::SamplerReport& sampler, Items& items) {
  if (!sampler.realtime()) {
    items.emplace_back(
        "the sampler has no real-time priority: give the agent CAP_SYS_NICE or "
        "LimitRTPRIO=, as the packaged unit does");
  }
  if (!sampler.memory_locked()) {
    items.emplace_back(
        "the sampler's memory is not locked: give the agent CAP_IPC_LOCK or "
        "LimitMEMLOCK=infinity, as the packaged unit does");
  }
}

void CheckSpool(const PreflightEvidence& evidence, Items& items) {
  if (evidence.spool_needed_bytes <= evidence.spool_room_bytes) return;
  items.push_back(absl::StrFormat(
      "the samples may need %d bytes and the spool has room for %d: let the agent deliver what it "
      "holds, or free its disk",
      evidence.spool_needed_bytes, evidence.spool_room_bytes));
}

}  // namespace

std::vector<std::string> PreflightFailures(const PreflightEvidence& evidence) {
  Items items;
  CheckClock(evidence.board, items);
  CheckThrottling(evidence.board, items);
  CheckTemperature(evidence, items);
  if (evidence.sensor && !evidence.sensor->simulated()) {
    CheckSensor(evidence, items);
    CheckSampler(evidence.sampler, items);
  }
  CheckSpool(evidence, items);
  return items;
}

uint64_t SpoolBytesNeeded(const v1::JobSpec& job, int64_t cycle_ns) {
  if (cycle_ns <= 0) return 0;
  // A window may come out a tenth longer than asked; a sample takes about 3.6 bytes and its share
  // of a chunk's frame.
  constexpr double kWindowMargin = 1.1;
  constexpr double kBytesPerSample = 5;
  const double recorded_ns =
      2.0 * static_cast<double>(ToNs(job.idle())) + static_cast<double>(ToNs(job.warmup_max())) +
      kWindowMargin * job.window_count() * static_cast<double>(ToNs(job.window_min()));
  return static_cast<uint64_t>(recorded_ns / static_cast<double>(cycle_ns) * kBytesPerSample);
}

}  // namespace tinyjoule
