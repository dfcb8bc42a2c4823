// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_SAMPLE_SOURCE_H_
#define TESTS_SUPPORT_FAKE_SAMPLE_SOURCE_H_

#include <functional>
#include <utility>
#include <vector>

#include "agent/core/sampler.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {

// A sampler by the test's own clock: Drain gives one sample per cycle since the last one. The shunt
// count at a time comes from the test.
class FakeSampleSource final : public SampleSource {
 public:
  static constexpr int64_t kCycleNs = 5 * kNsPerMs;

  FakeSampleSource(FakeClock& clock, std::function<int32_t(int64_t t_ns)> shunt_at)
      : clock_(clock), shunt_at_(std::move(shunt_at)) {
    report.set_cpu(-1);
  }

  bool simulated = true;
  uint64_t dropped_count = 0;
  absl::Status start_error;
  v1::SamplerReport report;
  // When a check of the configuration was asked for.
  std::vector<int64_t> checks_ns;
  int starts = 0;

  // 5.12 V (1280 counts), and 1 mV a count over a shunt of 5 ohm: 1.024 mW a count.
  v1::SensorDescription Describe() const override {
    v1::SensorDescription description;
    description.set_uri("fake:");
    description.set_kind(simulated ? "simulated" : "ina219");
    description.set_simulated(simulated);
    description.set_shunt_lsb_v(1e-3);
    description.set_bus_lsb_v(4e-3);
    description.set_shunt_uohm(5'000'000);
    description.set_gain(1);
    description.set_cycle_ns(kCycleNs);
    return description;
  }
  absl::Status Start() override {
    ++starts;
    if (!start_error.ok()) return start_error;
    if (!std::exchange(running_, true)) next_ns_ = clock_.MonotonicNs() + kCycleNs;
    return absl::OkStatus();
  }
  void Stop() override { running_ = false; }
  void Drain(std::vector<RawSample>* samples) override {
    for (; running_ && next_ns_ <= clock_.MonotonicNs(); next_ns_ += kCycleNs) {
      // The last bit changes, or the samples would look stuck.
      const auto dither = static_cast<int32_t>(next_ns_ / kCycleNs % 2);
      samples->push_back({next_ns_, 1280, shunt_at_(next_ns_) + 2 * dither - 1, 0, 0});
    }
  }
  uint64_t dropped() const override { return dropped_count; }
  uint64_t failed_reads() const override { return 0; }
  bool ended() const override { return false; }
  void RequestCheck() override { checks_ns.push_back(clock_.MonotonicNs()); }
  v1::SamplerReport Report() const override { return report; }
  bool running() const { return running_; }

 private:
  FakeClock& clock_;
  const std::function<int32_t(int64_t)> shunt_at_;
  bool running_ = false;
  int64_t next_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_SAMPLE_SOURCE_H_
