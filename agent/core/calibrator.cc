// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/calibrator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/calibration.h"
#include "agent/core/run_summary.h"
#include "common/base/status.h"
#include "common/energy/calibration_task.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

// Short enough for the sampler's ring at any rate.
constexpr int64_t kDrainNs = 100 * kNsPerMs;

// Every difference to the resolution with the lowest rate.
void CompareToSlowest(google::protobuf::RepeatedPtrField<v1::ObserverCost>* costs) {
  if (costs->empty()) return;
  const v1::ObserverCost slowest = *std::min_element(
      costs->begin(), costs->end(),
      [](const auto& one, const auto& other) { return one.rate_hz() < other.rate_hz(); });
  for (v1::ObserverCost& cost : *costs) {
    cost.set_slowest_resolution(slowest.resolution());
    if (cost.resolution() == slowest.resolution()) continue;
    cost.set_power_difference_w(cost.power_w() - slowest.power_w());
    cost.set_power_difference_uncertainty_w(
        std::hypot(cost.power_uncertainty_w(), slowest.power_uncertainty_w()));
  }
}

}  // namespace

Calibrator::Calibrator(const Dependencies& dependencies) : dependencies_(dependencies) {}

Calibrator::~Calibrator() = default;

void Calibrator::OnRequest(const v1::Calibrate& request, const std::string& busy_with) {
  absl::Status status = CheckRequest(request.task(), busy_with);
  if (status.ok() && request.task().action() == v1::CALIBRATION_ACTION_CLEAR) {
    const v1::Calibration previous = dependencies_.sensor->calibration();
    status = Keep(ClearedCalibration(request.task(), previous));
    return Answer(request.request_id(), status, {});
  }
  if (status.ok()) status = Begin(request);
  if (!status.ok()) Answer(request.request_id(), status, {});
}

absl::Status Calibrator::CheckRequest(const v1::CalibrationTask& task,
                                      const std::string& busy_with) const {
  TJ_RETURN_IF_ERROR(CheckCalibrationTask(task));
  if (dependencies_.sensor == nullptr) {
    return absl::FailedPreconditionError("this agent has no sensor (none:)");
  }
  if (active_ != nullptr) {
    return absl::FailedPreconditionError("the agent is busy with another calibration");
  }
  if (!busy_with.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the agent is ", busy_with,
                     "; wait for its end (coord agents cordon keeps the next one away)"));
  }
  if (task.action() == v1::CALIBRATION_ACTION_OBSERVER) return absl::OkStatus();
  return CheckCanCalibrate(dependencies_.sensor->DescribeUncalibrated());
}

absl::Status Calibrator::Begin(const v1::Calibrate& request) {
  TJ_RETURN_IF_ERROR(dependencies_.power_feed.BeginCalibration());
  active_ = std::make_unique<Active>();
  active_->request = request;
  active_->original_resolution = dependencies_.sensor->Describe().resolution();
  if (request.task().action() == v1::CALIBRATION_ACTION_OBSERVER) {
    active_->resolutions = dependencies_.sensor->Resolutions();
    if (active_->resolutions.empty()) active_->resolutions = {active_->original_resolution};
    dependencies_.sensor->NoteReaderTime(true);
  }
  if (absl::Status status = BeginPass(); !status.ok()) Finish(status);
  return absl::OkStatus();
}

absl::Status Calibrator::BeginPass() {
  const size_t pass = static_cast<size_t>(active_->answer.observer_costs_size());
  if (observes() && !dependencies_.sensor->Resolutions().empty()) {
    dependencies_.samples->Stop();
    TJ_RETURN_IF_ERROR(dependencies_.sensor->SetResolution(active_->resolutions[pass]));
    TJ_RETURN_IF_ERROR(dependencies_.samples->Start());
  }
  const int64_t duration_ns = CalibrationDurationNs(active_->request.task());
  active_->begin_ns = dependencies_.clock.MonotonicNs() + (observes() ? kSettlingNs : 0);
  active_->end_ns = active_->begin_ns + duration_ns;
  active_->readings = std::make_unique<CalibrationReadings>(dependencies_.samples->Describe(),
                                                            active_->begin_ns, duration_ns);
  active_->reader_begin = {};
  dependencies_.core.PostDelayed(kDrainNs,
                                 [this, generation = ++generation_] { Tick(generation); });
  return absl::OkStatus();
}

void Calibrator::Tick(uint64_t generation) {
  if (generation != generation_ || active_ == nullptr) return;
  Drain();
  // The last conversion of the time is over when one more could have come.
  if (dependencies_.clock.MonotonicNs() < active_->end_ns + kDrainNs) {
    dependencies_.core.PostDelayed(kDrainNs, [this, generation] { Tick(generation); });
    return;
  }
  const absl::Status status = EndPass();
  const auto passes = static_cast<size_t>(active_->answer.observer_costs_size());
  if (!status.ok() || passes == active_->resolutions.size()) return Finish(status);
  if (const absl::Status next = BeginPass(); !next.ok()) Finish(next);
}

void Calibrator::Drain() {
  drained_.clear();
  dependencies_.samples->Drain(&drained_);
  dependencies_.power_feed.OnSamples(drained_);
  active_->readings->Add(drained_);
  const CalibratedSensor::ReaderTime now = dependencies_.sensor->reader_time();
  if (active_->reader_begin.t_ns == 0 && now.t_ns >= active_->begin_ns) {
    active_->reader_begin = now;
    active_->reads_begin = dependencies_.sensor->Health().reads;
  }
}

absl::Status Calibrator::EndPass() { return observes() ? Observe() : Calibrate(); }

absl::Status Calibrator::Calibrate() {
  const v1::CalibrationTask& task = active_->request.task();
  const auto calibrate =
      task.action() == v1::CALIBRATION_ACTION_ZERO ? CalibrateOffset : CalibrateGain;
  TJ_ASSIGN_OR_RETURN(v1::Calibration calibration,
                      calibrate(task, dependencies_.sensor->DescribeUncalibrated(),
                                dependencies_.sensor->calibration(), *active_->readings));
  return Keep(std::move(calibration));
}

absl::Status Calibrator::Keep(v1::Calibration calibration) {
  *calibration.mutable_made_at() = ToTimestamp(dependencies_.clock.UtcNs());
  const std::string identity = SensorIdentity(dependencies_.sensor->Describe().uri());
  TJ_RETURN_IF_ERROR(dependencies_.store->Put(identity, calibration));
  dependencies_.sensor->SetCalibration(calibration);
  dependencies_.power_feed.OnSensorChanged();
  spdlog::info("calibration {} of {}: gain {:.6f}", calibration.version(), identity,
               GainOf(calibration));
  return absl::OkStatus();
}

absl::Status Calibrator::Observe() {
  const CalibrationReadings& readings = *active_->readings;
  const std::string resolution = dependencies_.sensor->Describe().resolution();
  if (readings.seconds() < 2) {
    return absl::FailedPreconditionError(absl::StrCat("the sensor gave ", readings.count(),
                                                      " conversions at ", resolution,
                                                      ": is its bus alive? coord power shows it"));
  }
  v1::ObserverCost& cost = *active_->answer.add_observer_costs();
  cost.set_resolution(resolution);
  *cost.mutable_made_at() = ToTimestamp(dependencies_.clock.UtcNs());
  cost.set_rate_hz(readings.rate_hz());
  cost.set_power_w(readings.power_w());
  cost.set_power_uncertainty_w(readings.power_scatter_w() /
                               std::sqrt(static_cast<double>(readings.seconds())));
  const CalibratedSensor::ReaderTime end = dependencies_.sensor->reader_time();
  const CalibratedSensor::ReaderTime& begin = active_->reader_begin;
  if (begin.t_ns == 0 || end.t_ns <= begin.t_ns) return absl::OkStatus();
  const auto elapsed_ns = static_cast<double>(end.t_ns - begin.t_ns);
  cost.set_cpu_share(static_cast<double>(end.cpu_ns - begin.cpu_ns) / elapsed_ns);
  const uint64_t reads = dependencies_.sensor->Health().reads - active_->reads_begin;
  cost.set_reads_per_second(static_cast<double>(reads) * kNsPerSecond / elapsed_ns);
  return absl::OkStatus();
}

// What was seen of a simulated sensor is no measurement, and told once.
absl::Status Calibrator::KeepCosts(const v1::Calibrated& answer) {
  const v1::SensorDescription sensor = dependencies_.sensor->Describe();
  if (sensor.simulated()) return absl::OkStatus();
  v1::ObserverCosts costs;
  *costs.mutable_costs() = answer.observer_costs();
  TJ_RETURN_IF_ERROR(dependencies_.store->PutCosts(SensorIdentity(sensor.uri()), costs));
  dependencies_.sensor->SetCosts(costs);
  return absl::OkStatus();
}

void Calibrator::Abort(const absl::Status& why) {
  if (active_ != nullptr) Finish(why);
}

// The description may say more than the word that it came from.
void Calibrator::RestoreResolution(const std::string& described) {
  CalibratedSensor& sensor = *dependencies_.sensor;
  for (const std::string& word : sensor.Resolutions()) {
    if (sensor.SetResolution(word).ok() && sensor.Describe().resolution() == described) return;
  }
  spdlog::error("the sensor has no resolution {} any more: restart the agent", described);
}

void Calibrator::Finish(absl::Status status) {
  const std::unique_ptr<Active> done = std::move(active_);
  ++generation_;
  CalibratedSensor& sensor = *dependencies_.sensor;
  sensor.NoteReaderTime(false);
  if (!done->resolutions.empty() && !sensor.Resolutions().empty()) {
    dependencies_.samples->Stop();
    RestoreResolution(done->original_resolution);
  }
  CompareToSlowest(done->answer.mutable_observer_costs());
  if (status.ok() && !done->resolutions.empty()) status = KeepCosts(done->answer);
  dependencies_.power_feed.EndCalibration();
  Answer(done->request.request_id(), status, std::move(done->answer));
}

void Calibrator::Answer(uint64_t request_id, const absl::Status& status, v1::Calibrated answer) {
  if (!status.ok()) {
    spdlog::warn("calibration: {}", std::string(status.message()));
    answer.Clear();
    answer.set_message(std::string(status.message()));
  }
  answer.set_request_id(request_id);
  answer.set_code(static_cast<int32_t>(status.code()));
  if (dependencies_.sensor != nullptr) *answer.mutable_sensor() = dependencies_.sensor->Describe();
  v1::ConnectRequest message;
  *message.mutable_calibrated() = std::move(answer);
  dependencies_.link.Send(std::move(message));
}

}  // namespace tinyjoule
