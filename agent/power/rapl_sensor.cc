// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/rapl_sensor.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kDefaultIntervalMs = 20;

}  // namespace

RaplSensor::RaplSensor(Options options, RaplCounters counters, Clock& clock)
    : options_(std::move(options)), counters_(std::move(counters)), clock_(clock) {}

v1::SensorDescription RaplSensor::Describe() const {
  v1::SensorDescription description;
  description.set_uri(options_.uri);
  description.set_kind("rapl");
  // No voltage and no current: their counts are 0.
  description.set_shunt_uohm(1'000'000);
  description.set_gain(1);
  description.set_has_power_channel(true);
  description.set_power_lsb_w(1e-6);
  description.set_cycle_ns(options_.interval_ns);
  description.set_nominal_cycle_ns(options_.interval_ns);
  description.set_resolution(absl::StrCat(counters_.zones(), ", 1 uJ"));
  return description;
}

absl::Status RaplSensor::Start() {
  TJ_RETURN_IF_ERROR(counters_.Begin());
  last_ns_ = clock_.MonotonicNs() / kTimeUnitNs * kTimeUnitNs;
  grid_.Begin(last_ns_, options_.interval_ns);
  reads_ = 0;
  stopped_ = false;
  return absl::OkStatus();
}

ReadOutcome RaplSensor::ReadConversion(RawSample* sample) {
  if (stopped_) return ReadOutcome::kEnd;
  grid_.Await(clock_);
  if (stopped_) return ReadOutcome::kEnd;
  reads_.fetch_add(counters_.count(), std::memory_order_relaxed);
  int64_t energy_uj = 0;
  if (!counters_.Take(&energy_uj)) return ReadOutcome::kFailed;
  const int64_t now_ns = clock_.MonotonicNs() / kTimeUnitNs * kTimeUnitNs;
  const double power_uw =
      static_cast<double>(energy_uj) * 1e9 / static_cast<double>(now_ns - last_ns_);
  last_ns_ = now_ns;
  // 2.1 kW: the counter jumped.
  if (power_uw > INT32_MAX) return ReadOutcome::kFailed;
  *sample = RawSample();
  sample->t_ns = now_ns;
  sample->power = static_cast<int32_t>(power_uw + 0.5);
  return ReadOutcome::kSample;
}

SensorHealth RaplSensor::Health() const {
  SensorHealth health;
  health.reads = reads_;
  return health;
}

absl::StatusOr<std::unique_ptr<PowerSensor>> MakeRapl(const SensorUri& uri,
                                                      const PowerSensorDependencies& dependencies) {
  SensorParameters parameters(uri);
  TJ_ASSIGN_OR_RETURN(const double interval_ms,
                      parameters.TakeNumber("interval_ms", kDefaultIntervalMs, 5, 1000));
  TJ_RETURN_IF_ERROR(parameters.Finish());
  auto counters = RaplCounters::Open(dependencies.file_system, dependencies.root, uri.path);
  if (!counters.ok()) return Annotate(counters.status(), absl::StrCat("sensor \"", uri.text, "\""));
  RaplSensor::Options options;
  options.uri = uri.text;
  options.interval_ns = static_cast<int64_t>(interval_ms * 1e3) * kNsPerUs;
  return std::make_unique<RaplSensor>(std::move(options), *std::move(counters), dependencies.clock);
}

}  // namespace tinyjoule
