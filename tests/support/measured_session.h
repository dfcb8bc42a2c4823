// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_MEASURED_SESSION_H_
#define TESTS_SUPPORT_MEASURED_SESSION_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "agent/core/run_summary.h"
#include "agent/core/sample_recorder.h"
#include "agent/core/sampler.h"
#include "tests/support/ina219_rig.h"

namespace tinyjoule {

// Where chunks go that nobody reads.
class NullSink final : public ChunkSink {
 public:
  absl::Status Write(v1::ChunkStream, std::string) override { return absl::OkStatus(); }
};

// Idle A, one window, idle B; the marks on the rig's clock.
struct SessionPlan {
  int64_t idle_ns = kNsPerSecond;
  int64_t window_ns = 10'010 * kNsPerMs;
  uint64_t inference_count = 3'000;
  size_t ring_capacity = Sampler::kDefaultCapacity;

  TimeSpan idle_a;
  TimeSpan window;
  TimeSpan idle_b;
  void LayOut(int64_t start_ns) {
    constexpr int64_t kPadNs = 20 * kNsPerMs;
    idle_a = {start_ns + kPadNs, start_ns + kPadNs + idle_ns};
    window = {idle_a.end_ns + kPadNs, idle_a.end_ns + kPadNs + window_ns};
    idle_b = {window.end_ns + kPadNs, window.end_ns + kPadNs + idle_ns};
  }
  int64_t end_ns() const { return idle_b.end_ns + 20 * kNsPerMs; }
};

inline void AddMark(v1::WindowKind kind, TimeSpan span, uint64_t count, v1::RunResult* result) {
  v1::MarkedWindow& window = *result->add_windows();
  window.set_kind(kind);
  window.set_start_mono_ns(span.start_ns);
  window.set_end_mono_ns(span.end_ns);
  window.set_inference_count(count);
}

// Measures a session as the agent does, with its own thread for the sensor, which must end by
// itself, and gives the result with its flags.
inline v1::RunResult MeasureSession(PowerSensor& sensor, const SessionPlan& plan) {
  Sampler sampler(sensor, plan.ring_capacity);
  NullSink sink;
  SampleRecorder recorder(sampler, sink, nullptr);
  recorder.StartRecording();
  v1::RunResult result;
  if (absl::Status status = sampler.Start(); !status.ok()) {
    result.set_reason(std::string(status.message()));
    return result;
  }
  while (!sampler.ended()) std::this_thread::yield();
  (void)recorder.Flush();
  AddMark(v1::WINDOW_KIND_IDLE_A, plan.idle_a, 0, &result);
  AddMark(v1::WINDOW_KIND_INFERENCE, plan.window, plan.inference_count, &result);
  AddMark(v1::WINDOW_KIND_IDLE_B, plan.idle_b, 0, &result);
  *result.mutable_sampler() = sampler.Report();
  AddEnergies(recorder, &result);
  return result;
}

// A board whose load is known, with the real driver on the model of an INA219, from qualification
// to flags.
class BoardSession {
 public:
  struct Options {
    Ina219Rig::Options rig;
    SessionPlan plan;
    int64_t oversleep_ns = 100 * kNsPerUs;
    // The window has no load.
    bool idle_window = false;
    // Spans with load in idle B.
    int busy_spans_in_idle_b = 0;
    // What goes wrong: called when everything is laid out, before the first conversion.
    std::function<void(BoardSession&)> arm;
  };

  BoardSession(LoadProfile load, Options options)
      : load_(std::move(load)), options_(std::move(options)), rig_(load_, options_.rig) {}

  v1::RunResult Measure() {
    rig_.late_clock.oversleep_ns = options_.oversleep_ns;
    v1::RunResult result;
    if (absl::Status status = rig_.Qualify(); !status.ok()) {
      result.set_reason(std::string(status.message()));
      return result;
    }
    plan().LayOut(rig_.clock.MonotonicNs());
    AddLoads();
    CheckBetween(plan().idle_a, plan().window);
    if (options_.arm) options_.arm(*this);
    CheckBetween(plan().window, plan().idle_b);
    rig_.EndAt(plan().end_ns());
    return MeasureSession(rig_, plan());
  }

  SessionPlan& plan() { return options_.plan; }
  Ina219Rig& rig() { return rig_; }
  double TrueEnergyJ() const { return load_.EnergyJ(options_.plan.window); }

 private:
  void AddLoads() {
    if (!options_.idle_window) load_.AddBusy(plan().window);
    const int64_t idle_b_ns = plan().idle_b.start_ns;
    for (int i = 0; i < options_.busy_spans_in_idle_b; ++i) {
      load_.AddBusy({idle_b_ns + i * 10 * kNsPerMs, idle_b_ns + (i * 10 + 5) * kNsPerMs});
    }
  }
  // As the measurement does, outside the marks.
  void CheckBetween(TimeSpan before, TimeSpan after) {
    rig_.Do((before.end_ns + after.start_ns) / 2, [this] { rig_.RequestCheck(); });
  }

  LoadProfile load_;
  Options options_;
  Ina219Rig rig_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_MEASURED_SESSION_H_
