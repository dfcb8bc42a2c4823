// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/replay_sensor.h"

#include <utility>

namespace tinyjoule {

ReplaySensor::ReplaySensor(std::string uri, PowerTrace trace, bool loop, Clock& clock)
    : uri_(std::move(uri)), trace_(std::move(trace)), loop_(loop), clock_(clock) {}

v1::SensorDescription ReplaySensor::Describe() const {
  v1::SensorDescription description = DescribeTrace(trace_);
  description.set_uri(uri_);
  return description;
}

absl::Status ReplaySensor::Start() {
  origin_ns_ = RoundToTimeUnit(clock_.MonotonicNs());
  next_ = 0;
  stopped_.store(false);
  return absl::OkStatus();
}

ReadOutcome ReplaySensor::ReadConversion(RawSample* sample) {
  if (next_ == trace_.samples.size()) {
    if (!loop_) return ReadOutcome::kEnd;
    origin_ns_ += trace_.samples.back().t_ns - trace_.samples.front().t_ns + trace_.cycle_ns;
    next_ = 0;
  }
  if (stopped_.load()) return ReadOutcome::kEnd;
  *sample = trace_.samples[next_];
  sample->t_ns += origin_ns_;
  if (clock_.MonotonicNs() < sample->t_ns) clock_.SleepUntil(sample->t_ns);
  if (stopped_.load()) return ReadOutcome::kEnd;
  ++next_;
  return ReadOutcome::kSample;
}

}  // namespace tinyjoule
