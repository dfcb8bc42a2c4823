// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_POWER_FEED_H_
#define AGENT_CORE_POWER_FEED_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "agent/core/coordinator_link.h"
#include "agent/core/sample_recorder.h"
#include "agent/core/sampler.h"
#include "common/base/task_runner.h"
#include "common/energy/conversion.h"

namespace tinyjoule {

// Mean, least and greatest power of the samples since the last point. Thread-safe.
class PowerBucket {
 public:
  explicit PowerBucket(const v1::SensorDescription& sensor) : converter_(sensor) {}
  // Samples that are added from now on mean this.
  void Use(const v1::SensorDescription& sensor);
  void Add(absl::Span<const RawSample> samples);
  // The bucket as a point, and begins the next one; nothing when no sample came.
  std::optional<v1::PowerPoint> Take();

 private:
  absl::Mutex mutex_;
  CountConverter converter_ ABSL_GUARDED_BY(mutex_);
  uint64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::PowerPoint sum_ ABSL_GUARDED_BY(mutex_);
};

// Decides who drains the sampler: a measurement or a calibration, or, when there is neither and
// somebody watches, the core sequence; nobody wants samples: it does not run. Watchers get one
// point per interval, whatever the sampler's rate is. Lives on the core sequence; OnSamples: any
// thread.
class PowerFeed final : public SampleTap {
 public:
  static constexpr int64_t kMinIntervalNs = 20'000'000;
  static constexpr int64_t kMaxIntervalNs = 10'000'000'000;

  // source: null when there is no sensor. Everything outlives the feed.
  PowerFeed(SampleSource* source, CoordinatorLink& link, TaskRunner& core);

  void OnRequest(const v1::LivePowerRequest& request);
  void OnDisconnected();
  // The measurement drains from now on. An error: the sensor does not start.
  [[nodiscard]] absl::Status BeginMeasurement();
  void EndMeasurement();
  // The same for a calibration, which may stop and start the source as it likes. There is none
  // while something is measured, and the other way round.
  [[nodiscard]] absl::Status BeginCalibration();
  void EndCalibration();
  bool calibrating() const { return calibrating_; }
  // The source describes itself anew.
  void OnSensorChanged();
  void OnSamples(absl::Span<const RawSample> samples) override;

 private:
  void SetLive(bool live);
  void Tick(uint64_t generation);
  bool taken() const { return measuring_ || calibrating_; }
  void StopIfUnused();

  SampleSource* const source_;
  CoordinatorLink& link_;
  TaskRunner& core_;
  v1::SensorDescription sensor_;
  PowerBucket bucket_;
  bool live_ = false;
  bool measuring_ = false;
  bool calibrating_ = false;
  int64_t interval_ns_ = 0;
  // Ticks of an earlier request die out.
  uint64_t generation_ = 0;
  std::vector<RawSample> drained_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_POWER_FEED_H_
