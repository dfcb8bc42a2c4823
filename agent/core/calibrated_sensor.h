// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CALIBRATED_SENSOR_H_
#define AGENT_CORE_CALIBRATED_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/core/power_sensor.h"

namespace tinyjoule {

// A sensor as the agent uses it: described with its calibration and what reading it costs, while
// its raw counts pass as they are; and, when asked, with the processor time of the thread that
// reads it.
class CalibratedSensor final : public PowerSensor {
 public:
  // Time that the thread had used when a conversion was read, and that conversion's time.
  struct ReaderTime {
    int64_t cpu_ns = 0;
    int64_t t_ns = 0;
  };
  // thread_cpu_ns: processor time of the calling thread. The sensor outlives this.
  CalibratedSensor(PowerSensor& sensor, std::function<int64_t()> thread_cpu_ns);

  // Any thread. The version 0: none.
  void SetCalibration(const v1::Calibration& calibration);
  v1::Calibration calibration() const;
  // Any thread. Told is the row of the resolution in use, or of its averaging; none of a simulated
  // sensor.
  void SetCosts(const v1::ObserverCosts& costs);
  // As Describe would without a calibration.
  v1::SensorDescription DescribeUncalibrated() const { return sensor_.Describe(); }
  // While it is on, ReadConversion notes the reader's time about ten times a second.
  void NoteReaderTime(bool on);
  // The last note; zeros before the first one.
  ReaderTime reader_time() const;

  v1::SensorDescription Describe() const override;
  absl::Status Start() override { return sensor_.Start(); }
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { sensor_.Stop(); }
  void RequestCheck() override { sensor_.RequestCheck(); }
  SensorHealth Health() const override { return sensor_.Health(); }
  std::vector<std::string> Resolutions() const override { return sensor_.Resolutions(); }
  absl::Status SetResolution(const std::string& word) override {
    return sensor_.SetResolution(word);
  }

 private:
  void Note(int64_t t_ns);

  PowerSensor& sensor_;
  const std::function<int64_t()> thread_cpu_ns_;
  std::atomic<bool> noting_{false};
  mutable absl::Mutex mutex_;
  v1::Calibration calibration_ ABSL_GUARDED_BY(mutex_);
  v1::ObserverCosts costs_ ABSL_GUARDED_BY(mutex_);
  ReaderTime reader_time_ ABSL_GUARDED_BY(mutex_);
  // On the reader's thread.
  int64_t next_note_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CALIBRATED_SENSOR_H_
