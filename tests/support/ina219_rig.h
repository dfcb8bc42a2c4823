// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_INA219_RIG_H_
#define TESTS_SUPPORT_INA219_RIG_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "agent/core/power_sensor.h"
#include "agent/power/ina219_sensor.h"
#include "common/base/random_source.h"
#include "tests/support/fake_clock.h"
#include "tests/support/ina219_model.h"
#include "tests/support/load_profile.h"

namespace tinyjoule {

// Uniform in [0, 1).
inline double Uniform(SeededRandom& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

// A thread that asked for its deadline and wakes up to `oversleep_ns` later, as the kernel lets it.
class LateClock final : public Clock {
 public:
  LateClock(FakeClock& clock, uint64_t seed) : clock_(clock), random_(seed) {}
  int64_t MonotonicNs() const override { return clock_.MonotonicNs(); }
  int64_t UtcNs() const override { return clock_.UtcNs(); }
  void SleepUntil(int64_t deadline_ns) override {
    if (deadline_ns <= clock_.MonotonicNs()) return;
    const double share = Uniform(random_);
    clock_.SleepUntil(deadline_ns +
                      static_cast<int64_t>(share * static_cast<double>(oversleep_ns)));
  }
  int64_t oversleep_ns = 100 * kNsPerUs;

 private:
  FakeClock& clock_;
  SeededRandom random_;
};

// The real driver on the model of its chip, in virtual time, up to a moment that the test chooses:
// ReadConversion is the driver's, and does on the way what is due.
class Ina219Rig final : public PowerSensor {
 public:
  struct Options {
    Ina219Model::Options chip;
    Ina219Sensor::Options driver;
  };

  // The load outlives the rig.
  Ina219Rig(const LoadProfile& load, const Options& options)
      : model(clock, load, options.chip),
        late_clock(clock, options.chip.seed),
        driver_(options.driver, MakeDevice(), late_clock) {}

  absl::Status Qualify() { return driver_.Qualify(); }
  // On the thread that reads, before the first conversion after that time; in order of time.
  void Do(int64_t t_ns, std::function<void()> action) { due_.push_back({t_ns, std::move(action)}); }
  void EndAt(int64_t t_ns) { end_ns_ = t_ns; }

  v1::SensorDescription Describe() const override { return driver_.Describe(); }
  absl::Status Start() override { return driver_.Start(); }
  ReadOutcome ReadConversion(RawSample* sample) override {
    for (; !due_.empty() && due_.front().first <= clock.MonotonicNs(); due_.pop_front()) {
      due_.front().second();
    }
    return clock.MonotonicNs() < end_ns_ ? driver_.ReadConversion(sample) : ReadOutcome::kEnd;
  }
  void Stop() override { driver_.Stop(); }
  void RequestCheck() override { driver_.RequestCheck(); }
  SensorHealth Health() const override { return driver_.Health(); }

  // Without a sampler: everything until the end.
  std::vector<RawSample> ReadAll() {
    std::vector<RawSample> samples;
    RawSample sample;
    for (ReadOutcome outcome; (outcome = ReadConversion(&sample)) != ReadOutcome::kEnd;) {
      if (outcome == ReadOutcome::kSample) samples.push_back(sample);
    }
    return samples;
  }

  FakeClock clock;
  Ina219Model model;
  LateClock late_clock;
  // Owned by the driver.
  ModelI2cDevice* device = nullptr;

 private:
  std::unique_ptr<I2cDevice> MakeDevice() {
    auto made = std::make_unique<ModelI2cDevice>(clock, model);
    device = made.get();
    return made;
  }

  Ina219Sensor driver_;
  std::deque<std::pair<int64_t, std::function<void()>>> due_;
  int64_t end_ns_ = INT64_MAX;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_INA219_RIG_H_
