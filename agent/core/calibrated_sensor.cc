// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/calibrated_sensor.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "agent/core/calibration.h"
#include "common/base/clock.h"

namespace tinyjoule {
namespace {

// The question costs a system call, which would show at 940 conversions a second.
constexpr int64_t kNoteIntervalNs = 100 * kNsPerMs;

// Of "x8/11-12bit" what sets the rate. Whether the bus voltage takes turns depends on how fast the
// sensor could be read at its start.
absl::string_view Averaging(absl::string_view resolution) {
  return resolution.substr(0, resolution.find('/'));
}

const v1::ObserverCost* FindCost(const v1::ObserverCosts& costs, const std::string& resolution) {
  const v1::ObserverCost* alike = nullptr;
  for (const v1::ObserverCost& cost : costs.costs()) {
    if (cost.resolution() == resolution) return &cost;
    if (Averaging(cost.resolution()) == Averaging(resolution)) alike = &cost;
  }
  return alike;
}

}  // namespace

CalibratedSensor::CalibratedSensor(PowerSensor& sensor, std::function<int64_t()> thread_cpu_ns)
    : sensor_(sensor), thread_cpu_ns_(std::move(thread_cpu_ns)) {}

void CalibratedSensor::SetCalibration(const v1::Calibration& calibration) {
  absl::MutexLock lock(&mutex_);
  calibration_ = calibration;
}

v1::Calibration CalibratedSensor::calibration() const {
  absl::MutexLock lock(&mutex_);
  return calibration_;
}

void CalibratedSensor::SetCosts(const v1::ObserverCosts& costs) {
  absl::MutexLock lock(&mutex_);
  costs_ = costs;
}

v1::SensorDescription CalibratedSensor::Describe() const {
  v1::SensorDescription description = ApplyCalibration(sensor_.Describe(), calibration());
  if (description.simulated()) return description;
  absl::MutexLock lock(&mutex_);
  if (const v1::ObserverCost* cost = FindCost(costs_, description.resolution()); cost != nullptr) {
    *description.mutable_observer_cost() = *cost;
  }
  return description;
}

void CalibratedSensor::NoteReaderTime(bool on) {
  absl::MutexLock lock(&mutex_);
  reader_time_ = {};
  noting_ = on;
}

CalibratedSensor::ReaderTime CalibratedSensor::reader_time() const {
  absl::MutexLock lock(&mutex_);
  return reader_time_;
}

ReadOutcome CalibratedSensor::ReadConversion(RawSample* sample) {
  const ReadOutcome outcome = sensor_.ReadConversion(sample);
  if (outcome == ReadOutcome::kSample && noting_.load(std::memory_order_relaxed)) {
    Note(sample->t_ns);
  }
  return outcome;
}

// Someone reads the note just now: the next conversion has another one. The reader never waits.
void CalibratedSensor::Note(int64_t t_ns) {
  if (t_ns < next_note_ns_ || !mutex_.TryLock()) return;
  reader_time_ = {thread_cpu_ns_(), t_ns};
  mutex_.Unlock();
  next_note_ns_ = t_ns + kNoteIntervalNs;
}

}  // namespace tinyjoule
