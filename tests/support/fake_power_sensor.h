// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_POWER_SENSOR_H_
#define TESTS_SUPPORT_FAKE_POWER_SENSOR_H_

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/power_sensor.h"
#include "agent/core/sampler.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {

// A real shunt that is not what it is declared to be, on the test's clock: 10 uV and 4 mV a count,
// 0.1 ohm declared. The test says the true current; true_shunt_ohm and true_offset_counts are what
// a calibration has to find.
class FakePowerSensor final : public PowerSensor {
 public:
  explicit FakePowerSensor(FakeClock& clock) : clock_(clock) {}

  v1::SensorDescription description = [] {
    v1::SensorDescription sensor;
    sensor.set_uri("i2c:/dev/i2c-1@0x40?gain=1&adc=x8");
    sensor.set_kind("ina219");
    sensor.set_shunt_lsb_v(10e-6);
    sensor.set_bus_lsb_v(4e-3);
    sensor.set_shunt_uohm(100'000);
    sensor.set_gain(1);
    sensor.set_cycle_ns(5 * kNsPerMs);
    sensor.set_shunt_clip_counts(32'000);
    sensor.set_resolution("x8/12bit");
    return sensor;
  }();
  std::function<double(int64_t t_ns)> current_a = [](int64_t) { return 0.5; };
  double true_shunt_ohm = 0.1;
  double true_offset_counts = 0;
  // Words with their cycle.
  std::vector<std::pair<std::string, int64_t>> resolutions;
  absl::Status start_error;
  int starts = 0;
  bool running = false;

  v1::SensorDescription Describe() const override { return description; }
  absl::Status Start() override {
    ++starts;
    if (!start_error.ok()) return start_error;
    running = true;
    reads_ = 0;
    next_ns_ = clock_.MonotonicNs() + description.cycle_ns();
    return absl::OkStatus();
  }
  // Never waits: kFailed while the conversion is not over.
  ReadOutcome ReadConversion(RawSample* sample) override {
    if (!running) return ReadOutcome::kEnd;
    if (next_ns_ > clock_.MonotonicNs()) return ReadOutcome::kFailed;
    const double counts = current_a(next_ns_) * true_shunt_ohm / 10e-6 + true_offset_counts;
    // The last bit changes around the true value, so that means are not those of one step.
    const double dither = next_ns_ / description.cycle_ns() % 2 == 0 ? 0.25 : -0.25;
    *sample = {next_ns_, 1275, static_cast<int32_t>(std::lround(counts + dither)), 0, 0};
    next_ns_ += description.cycle_ns();
    reads_ += 3;
    return ReadOutcome::kSample;
  }
  void Stop() override { running = false; }
  SensorHealth Health() const override {
    SensorHealth health;
    health.reads = reads_;
    return health;
  }
  std::vector<std::string> Resolutions() const override {
    std::vector<std::string> words;
    for (const auto& [word, cycle_ns] : resolutions) words.push_back(word);
    return words;
  }
  absl::Status SetResolution(const std::string& word) override {
    if (running) return absl::FailedPreconditionError("the sensor runs");
    for (const auto& [known, cycle_ns] : resolutions) {
      if (known != word) continue;
      description.set_resolution(word + "/12bit");
      description.set_cycle_ns(cycle_ns);
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat("no resolution ", word));
  }

 private:
  FakeClock& clock_;
  int64_t next_ns_ = 0;
  uint64_t reads_ = 0;
};

// A sampler without a thread: Drain reads what is over by the sensor's clock.
class PullingSampleSource final : public SampleSource {
 public:
  explicit PullingSampleSource(PowerSensor& sensor) : sensor_(sensor) {}

  v1::SensorDescription Describe() const override { return sensor_.Describe(); }
  absl::Status Start() override {
    if (running) return absl::OkStatus();
    const absl::Status status = sensor_.Start();
    running = status.ok();
    return status;
  }
  void Stop() override {
    if (std::exchange(running, false)) sensor_.Stop();
  }
  void Drain(std::vector<RawSample>* samples) override {
    RawSample sample;
    while (running && sensor_.ReadConversion(&sample) == ReadOutcome::kSample) {
      samples->push_back(sample);
    }
  }
  uint64_t dropped() const override { return 0; }
  uint64_t failed_reads() const override { return 0; }
  bool ended() const override { return false; }
  void RequestCheck() override { sensor_.RequestCheck(); }
  v1::SamplerReport Report() const override { return {}; }

  bool running = false;

 private:
  PowerSensor& sensor_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_POWER_SENSOR_H_
