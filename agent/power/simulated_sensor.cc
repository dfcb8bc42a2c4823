// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/simulated_sensor.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

constexpr double kShuntLsbV = 10e-6;
constexpr double kBusLsbV = 4e-3;
constexpr uint32_t kShuntUohm = 100'000;
// PGA /8: 320 mV.
constexpr int32_t kShuntClipCounts = 32'000;
constexpr double kMaxCores = 4;
constexpr int kReadAttempts = 3;
constexpr int64_t kReadToleranceNs = 20 * kNsPerUs;
// What the supply and its cable lose.
constexpr double kSupplyOhm = 0.05;

}  // namespace

SimulatedSensor::SimulatedSensor(const Options& options, Clock& clock, const CpuTimeSource& load)
    : options_(options), clock_(clock), load_(load), random_(options.seed) {}

v1::SensorDescription SimulatedSensor::Describe() const {
  v1::SensorDescription description;
  description.set_uri(options_.uri);
  description.set_kind("simulated");
  description.set_simulated(true);
  description.set_shunt_lsb_v(kShuntLsbV);
  description.set_bus_lsb_v(kBusLsbV);
  description.set_shunt_uohm(kShuntUohm);
  description.set_gain(1);
  description.set_cycle_ns(kCycleNs);
  description.set_shunt_clip_counts(kShuntClipCounts);
  description.set_resolution("x8/12bit");
  return description;
}

absl::Status SimulatedSensor::Start() {
  random_ = SeededRandom(options_.seed);
  last_reading_ns_ = clock_.MonotonicNs();
  next_edge_ns_ = last_reading_ns_ / kNsPerUs * kNsPerUs + kCycleNs;
  last_cpu_ns_ = load_.CpuTimeNs();
  load_cores_ = 0;
  stopped_.store(false);
  return absl::OkStatus();
}

ReadOutcome SimulatedSensor::ReadConversion(RawSample* sample) {
  if (stopped_.load()) return ReadOutcome::kEnd;
  if (clock_.MonotonicNs() < next_edge_ns_) clock_.SleepUntil(next_edge_ns_);
  if (stopped_.load()) return ReadOutcome::kEnd;
  const int64_t now_ns = clock_.MonotonicNs();
  // Behind by whole cycles: those conversions share the mean load of the time since the last
  // reading, so that the energy stays right.
  if (now_ns - last_reading_ns_ >= kCycleNs / 2) load_cores_ = MeasureLoad();
  sample->t_ns = next_edge_ns_;
  sample->flags = now_ns - next_edge_ns_ > kCycleNs / 2 ? v1::SAMPLE_FLAG_LATE : 0;
  const double power_w = options_.idle_w + (options_.busy_w - options_.idle_w) * load_cores_ +
                         options_.noise_w * Noise();
  Convert(std::max(0.0, power_w), sample);
  next_edge_ns_ += kCycleNs;
  return ReadOutcome::kSample;
}

double SimulatedSensor::MeasureLoad() {
  // Time and processor time must be of one moment: an interruption between the two reads would
  // show a load that never was.
  int64_t cpu_ns = 0;
  int64_t now_ns = 0;
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const int64_t before_ns = clock_.MonotonicNs();
    cpu_ns = load_.CpuTimeNs();
    now_ns = clock_.MonotonicNs();
    if (now_ns - before_ns < kReadToleranceNs) break;
  }
  const int64_t elapsed_ns = now_ns - last_reading_ns_;
  // A smaller value is another process, at its beginning.
  const int64_t used_ns = cpu_ns >= last_cpu_ns_ ? cpu_ns - last_cpu_ns_ : 0;
  last_cpu_ns_ = cpu_ns;
  last_reading_ns_ = now_ns;
  if (elapsed_ns <= 0) return 0;
  return std::min(kMaxCores, static_cast<double>(used_ns) / static_cast<double>(elapsed_ns));
}

double SimulatedSensor::Noise() {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(random_() >> 11) * 0x1p-53;
  return sum - 6;
}

void SimulatedSensor::Convert(double power_w, RawSample* sample) const {
  const double current_a = power_w / options_.supply_v;
  const double bus_v = options_.supply_v - kSupplyOhm * current_a;
  const double shunt_v = power_w / bus_v * (kShuntUohm * 1e-6);
  sample->bus = static_cast<int32_t>(std::lround(bus_v / kBusLsbV));
  sample->shunt = static_cast<int32_t>(std::lround(shunt_v / kShuntLsbV));
  sample->power = 0;
  if (sample->shunt >= kShuntClipCounts) {
    sample->shunt = kShuntClipCounts;
    sample->flags |= v1::SAMPLE_FLAG_CLIPPED;
  }
}

}  // namespace tinyjoule
