// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/power_feed.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/core/job_spec.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {

void PowerBucket::Add(absl::Span<const RawSample> samples) {
  absl::MutexLock lock(&mutex_);
  for (const RawSample& sample : samples) {
    const PowerSample power = converter_.Convert(sample);
    const bool first = count_++ == 0;
    sum_.set_mono_ns(sample.t_ns);
    sum_.set_bus_voltage_v(sum_.bus_voltage_v() + power.bus_voltage_v);
    sum_.set_current_a(sum_.current_a() + power.current_a);
    sum_.set_power_w(sum_.power_w() + power.power_w);
    sum_.set_power_min_w(first ? power.power_w : std::min(sum_.power_min_w(), power.power_w));
    sum_.set_power_max_w(first ? power.power_w : std::max(sum_.power_max_w(), power.power_w));
  }
}

void PowerBucket::Use(const v1::SensorDescription& sensor) {
  absl::MutexLock lock(&mutex_);
  converter_ = CountConverter(sensor);
}

std::optional<v1::PowerPoint> PowerBucket::Take() {
  absl::MutexLock lock(&mutex_);
  if (count_ == 0) return std::nullopt;
  v1::PowerPoint point = std::exchange(sum_, {});
  const auto count = static_cast<double>(std::exchange(count_, 0));
  point.set_bus_voltage_v(point.bus_voltage_v() / count);
  point.set_current_a(point.current_a() / count);
  point.set_power_w(point.power_w() / count);
  return point;
}

PowerFeed::PowerFeed(SampleSource* source, CoordinatorLink& link, TaskRunner& core)
    : source_(source),
      link_(link),
      core_(core),
      sensor_(source == nullptr ? v1::SensorDescription() : source->Describe()),
      bucket_(sensor_) {}

void PowerFeed::OnRequest(const v1::LivePowerRequest& request) {
  interval_ns_ = std::clamp(ToNs(request.interval()), kMinIntervalNs, kMaxIntervalNs);
  SetLive(request.active());
}

void PowerFeed::OnDisconnected() { SetLive(false); }

void PowerFeed::SetLive(bool live) {
  if (source_ == nullptr) return;
  live_ = live;
  const uint64_t generation = ++generation_;
  if (!live) {
    StopIfUnused();
    return;
  }
  bucket_.Take();
  // A measurement has started the source. Starting it again would play a trace that has ended from
  // its beginning, into the measurement.
  const absl::Status status = taken() ? absl::OkStatus() : source_->Start();
  if (!status.ok()) {
    spdlog::error("no live power: {}", std::string(status.message()));
    live_ = false;
    return;
  }
  core_.PostDelayed(interval_ns_, [this, generation] { Tick(generation); });
}

void PowerFeed::Tick(uint64_t generation) {
  if (generation != generation_) return;
  if (!taken()) {
    drained_.clear();
    source_->Drain(&drained_);
    bucket_.Add(drained_);
  }
  if (std::optional<v1::PowerPoint> point = bucket_.Take()) {
    v1::ConnectRequest request;
    *request.mutable_live_power()->add_points() = *std::move(point);
    request.mutable_live_power()->set_simulated(sensor_.simulated());
    link_.Send(std::move(request));
  }
  core_.PostDelayed(interval_ns_, [this, generation] { Tick(generation); });
}

absl::Status PowerFeed::BeginMeasurement() {
  if (source_ == nullptr) return absl::FailedPreconditionError("this agent has no sensor");
  if (calibrating_) return absl::UnavailableError("the sensor is being calibrated");
  // Each attempt has its own counts, and its sensor's configuration written anew.
  source_->Stop();
  if (absl::Status status = source_->Start(); !status.ok()) return status;
  measuring_ = true;
  return absl::OkStatus();
}

void PowerFeed::EndMeasurement() {
  measuring_ = false;
  StopIfUnused();
}

absl::Status PowerFeed::BeginCalibration() {
  if (source_ == nullptr) return absl::FailedPreconditionError("this agent has no sensor");
  if (measuring_) return absl::FailedPreconditionError("a run uses the sensor");
  if (absl::Status status = source_->Start(); !status.ok()) return status;
  calibrating_ = true;
  return absl::OkStatus();
}

void PowerFeed::EndCalibration() {
  calibrating_ = false;
  StopIfUnused();
  if (!live_) return;
  // The calibration may have left it stopped.
  if (const absl::Status status = source_->Start(); !status.ok()) {
    spdlog::error("no live power: {}", std::string(status.message()));
    live_ = false;
    ++generation_;
  }
}

void PowerFeed::OnSensorChanged() {
  sensor_ = source_->Describe();
  bucket_.Use(sensor_);
}

void PowerFeed::StopIfUnused() {
  if (source_ != nullptr && !live_ && !taken()) source_->Stop();
}

void PowerFeed::OnSamples(absl::Span<const RawSample> samples) { bucket_.Add(samples); }

}  // namespace tinyjoule
