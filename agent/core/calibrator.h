// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CALIBRATOR_H_
#define AGENT_CORE_CALIBRATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/calibrated_sensor.h"
#include "agent/core/calibration_readings.h"
#include "agent/core/calibration_store.h"
#include "agent/core/coordinator_link.h"
#include "agent/core/power_feed.h"
#include "agent/core/sampler.h"
#include "common/base/clock.h"
#include "common/base/task_runner.h"

namespace tinyjoule {

// Carries out what the coordinator asks about the sensor's calibration, one task at a time.
//   1. OnRequest(): takes the sensor from the power feed, or answers at once why not.
//   2. It drains the sampler for the task's time; watchers of live power go on watching.
//   3. The outcome is on disk before the sensor is described anew, and that before the answer.
//   4. Abort(): nothing changes.
// Lives on the core sequence.
class Calibrator {
 public:
  // Everything outlives the calibrator. sensor and samples: null when there is no sensor; samples
  // reads that sensor.
  struct Dependencies {
    TaskRunner& core;
    Clock& clock;
    CoordinatorLink& link;
    PowerFeed& power_feed;
    SampleSource* samples;
    CalibratedSensor* sensor;
    CalibrationStore* store;
  };

  // What a resolution gets before its readings count: the chip's and the thread's first moments.
  static constexpr int64_t kSettlingNs = kNsPerSecond;

  explicit Calibrator(const Dependencies& dependencies);
  ~Calibrator();

  // busy_with: why the sensor cannot be had; empty when it can.
  void OnRequest(const v1::Calibrate& request, const std::string& busy_with);
  void Abort(const absl::Status& why);
  bool active() const { return active_ != nullptr; }

 private:
  // One pass over the sensor: of the whole task, or of one of its resolutions.
  struct Active {
    v1::Calibrate request;
    v1::Calibrated answer;
    // To be observed; empty: the task is no observer task.
    std::vector<std::string> resolutions;
    // As the sensor described it.
    std::string original_resolution;
    std::unique_ptr<CalibrationReadings> readings;
    int64_t begin_ns = 0;
    int64_t end_ns = 0;
    CalibratedSensor::ReaderTime reader_begin;
    uint64_t reads_begin = 0;
  };

  [[nodiscard]] absl::Status CheckRequest(const v1::CalibrationTask& task,
                                          const std::string& busy_with) const;
  [[nodiscard]] absl::Status Begin(const v1::Calibrate& request);
  [[nodiscard]] absl::Status BeginPass();
  void Tick(uint64_t generation);
  void Drain();
  // The pass has its readings.
  [[nodiscard]] absl::Status EndPass();
  [[nodiscard]] absl::Status Calibrate();
  [[nodiscard]] absl::Status Keep(v1::Calibration calibration);
  [[nodiscard]] absl::Status Observe();
  void RestoreResolution(const std::string& described);
  [[nodiscard]] absl::Status KeepCosts(const v1::Calibrated& answer);
  void Finish(absl::Status status);
  void Answer(uint64_t request_id, const absl::Status& status, v1::Calibrated answer);
  bool observes() const { return !active_->resolutions.empty(); }

  const Dependencies dependencies_;
  std::unique_ptr<Active> active_;
  // Ticks of an earlier pass die out.
  uint64_t generation_ = 0;
  std::vector<RawSample> drained_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CALIBRATOR_H_
