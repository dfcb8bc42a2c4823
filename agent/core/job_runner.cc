// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/job_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/job_spec.h"
#include "agent/core/run_summary.h"
#include "common/base/status.h"
#include "common/energy/chunk.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxFinished = 256;
constexpr char kRestartReason[] = "the agent restarted during the measurement";
constexpr char kStopReason[] = "the agent was stopped during the measurement";

std::string AbsentReason(const v1::JobSpec& job) {
  return job.power_source() == v1::POWER_SOURCE_NONE
             ? "the sweep asks for no power measurement (power.source: none)"
             : "this agent has no sensor (none:)";
}

// A result must fit into one chunk; what explains most comes first.
std::string SerializeResult(v1::RunResult result) {
  if (result.ByteSizeLong() > kMaxChunkPayloadBytes) result.clear_runner_log();
  constexpr size_t kMaxText = 4096;
  if (result.reason().size() > kMaxText) {
    result.set_reason(ToValidUtf8(absl::string_view(result.reason()).substr(0, kMaxText)));
  }
  return result.SerializeAsString();
}

}  // namespace

// The attempt that is being measured: its measurement, and the way of its chunks into the spool.
class JobRunner::Active final : public MeasurementObserver {
 public:
  Active(const v1::JobSpec& job, const MeasurementOptions& options,
         const MeasurementDependencies& measurement, const Dependencies& dependencies)
      : key_(KeyOf(job)),
        dependencies_(dependencies),
        measurement_(job, options, measurement, *this) {
    progress_.set_run_id(job.run_id());
    progress_.set_attempt(job.attempt());
    progress_.set_window_count(job.window_count());
  }

  const AttemptKey& key() const { return key_; }
  Measurement& measurement() { return measurement_; }

  absl::Status Write(v1::ChunkStream stream, std::string payload) override {
    absl::Status status;
    RunAndWait(dependencies_.core, [&] {
      status = dependencies_.spool.Append(key_, stream, std::move(payload));
      if (status.ok()) dependencies_.delivery.OnAppended();
    });
    return status;
  }

  void OnPhase(v1::RunPhase phase, uint32_t window) override {
    RunAndWait(dependencies_.core, [&] {
      progress_.set_phase(phase);
      progress_.set_window(window);
      SendProgress();
    });
  }

  uint64_t RoomBytes() override {
    uint64_t room = 0;
    RunAndWait(dependencies_.core, [&] { room = dependencies_.spool.RoomBytes(); });
    return room;
  }

  // On the core sequence.
  void SendProgress() {
    v1::ConnectRequest request;
    *request.mutable_progress() = progress_;
    dependencies_.link.Send(std::move(request));
  }

 private:
  const AttemptKey key_;
  const Dependencies& dependencies_;
  v1::RunProgress progress_;
  Measurement measurement_;
};

JobRunner::JobRunner(const Options& options, const Dependencies& dependencies)
    : options_(options),
      dependencies_(dependencies),
      last_load_ns_(dependencies.measurement.clock.MonotonicNs()) {}

JobRunner::~JobRunner() = default;

void JobRunner::Start() {
  for (const AttemptKey& key : dependencies_.spool.Unfinished()) {
    spdlog::warn("{}: {}", key.ToString(), kRestartReason);
    v1::RunResult result;
    // LOST, for the coordinator makes another attempt of such a run; FAILED is for good.
    result.set_state(v1::ATTEMPT_STATE_LOST);
    result.set_reason(kRestartReason);
    *result.mutable_finished_at() = ToTimestamp(dependencies_.measurement.clock.UtcNs());
    WriteResult(key, std::move(result));
  }
}

void JobRunner::OnOffer(const v1::Offer& offer) {
  const v1::JobSpec& job = offer.job();
  if (IsKnown(KeyOf(job))) {
    Reply(KeyOf(job), absl::OkStatus());
    return;
  }
  absl::Status status = CheckOffer(job);
  if (status.ok()) status = Accept(job);
  Reply(KeyOf(job), status);
  if (!status.ok()) return;
  dependencies_.measurement_sequence.Post([this, active = active_.get()] {
    v1::RunResult result = active->measurement().Run();
    dependencies_.core.Post(
        [this, result = std::move(result)]() mutable { OnMeasured(std::move(result)); });
  });
}

bool JobRunner::IsKnown(const AttemptKey& key) const {
  return dependencies_.spool.Contains(key) ||
         std::find(finished_.begin(), finished_.end(), key) != finished_.end();
}

absl::Status JobRunner::CheckOffer(const v1::JobSpec& job) const {
  if (stopping_) return absl::UnavailableError("the agent is stopping");
  if (active_ != nullptr) {
    return absl::UnavailableError(absl::StrCat("busy with ", active_->key().ToString()));
  }
  // Its load must be steady, also where this job uses no sensor.
  if (dependencies_.power_feed.calibrating()) {
    return absl::UnavailableError("busy with a calibration of the sensor");
  }
  TJ_RETURN_IF_ERROR(CheckJob(job));
  if (options_.runner_programs.count(job.engine()) == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("this agent has no engine ", v1::Engine_Name(job.engine())));
  }
  SampleSource* const samples = dependencies_.measurement.samples;
  if (job.power_required() && (samples == nullptr || samples->Describe().simulated())) {
    return absl::FailedPreconditionError("the sweep requires a real sensor; this agent has none");
  }
  return dependencies_.spool.CheckRoom();
}

bool JobRunner::UsesSensor(const v1::JobSpec& job) const {
  return job.power_source() != v1::POWER_SOURCE_NONE &&
         dependencies_.measurement.samples != nullptr;
}

absl::Status JobRunner::Accept(const v1::JobSpec& job) {
  const bool uses_sensor = UsesSensor(job);
  if (uses_sensor) TJ_RETURN_IF_ERROR(dependencies_.power_feed.BeginMeasurement());
  if (absl::Status status = dependencies_.spool.Begin(job); !status.ok()) {
    dependencies_.power_feed.EndMeasurement();
    return status;
  }
  MeasurementOptions options;
  options.runner_program = options_.runner_programs.at(job.engine());
  options.runner_log_path = options_.runner_log_path;
  options.runner_cpus = options_.runner_cpus;
  options.marker = options_.marker;
  options.cgroup_absent_reason = options_.cgroup_absent_reason;
  options.last_load_ns = last_load_ns_;
  options.energy_absent_reason = AbsentReason(job);
  MeasurementDependencies measurement = dependencies_.measurement;
  if (!uses_sensor) measurement.samples = nullptr;
  active_ = std::make_unique<Active>(job, options, measurement, dependencies_);
  return absl::OkStatus();
}

void JobRunner::Reply(const AttemptKey& key, const absl::Status& status) {
  spdlog::info("offer of {}: {}", key.ToString(),
               status.ok() ? "accepted" : std::string(status.message()));
  v1::ConnectRequest request;
  v1::OfferReply& reply = *request.mutable_offer_reply();
  reply.set_run_id(key.run_id);
  reply.set_attempt(key.attempt);
  reply.set_accepted(status.ok());
  reply.set_reason(std::string(status.message()));
  dependencies_.link.Send(std::move(request));
}

void JobRunner::OnCancel(const v1::CancelRun& cancel) {
  if (active_ != nullptr && active_->key() == KeyOf(cancel)) {
    active_->measurement().Cancel(cancel.now());
  }
}

void JobRunner::Shutdown() {
  stopping_ = true;
  if (active_ != nullptr) active_->measurement().Cancel(/*now=*/true);
}

AttemptKey JobRunner::active_key() const {
  return active_ == nullptr ? AttemptKey() : active_->key();
}

void JobRunner::SendProgress() {
  if (active_ != nullptr) active_->SendProgress();
}

void JobRunner::OnMeasured(v1::RunResult result) {
  dependencies_.power_feed.EndMeasurement();
  last_load_ns_ = dependencies_.measurement.clock.MonotonicNs();
  if (stopping_ && result.state() == v1::ATTEMPT_STATE_CANCELLED) {
    result.set_state(v1::ATTEMPT_STATE_LOST);
    result.set_reason(kStopReason);
  }
  spdlog::info("{}: {}{}{}", active_->key().ToString(), v1::AttemptState_Name(result.state()),
               result.reason().empty() ? "" : ": ", result.reason());
  active_->OnPhase(v1::RUN_PHASE_DELIVERING, 0);
  WriteResult(active_->key(), std::move(result));
}

void JobRunner::WriteResult(const AttemptKey& key, v1::RunResult result) {
  result.set_sample_chunks(dependencies_.spool.CountOf(key, v1::CHUNK_STREAM_SAMPLES));
  result.set_prediction_chunks(dependencies_.spool.CountOf(key, v1::CHUNK_STREAM_PREDICTIONS));
  const absl::Status status =
      dependencies_.spool.Append(key, v1::CHUNK_STREAM_RESULT, SerializeResult(result));
  if (status.ok()) {
    Forget(key);
    dependencies_.delivery.OnAppended();
    return;
  }
  spdlog::error("the result of {} cannot be written yet: {}", key.ToString(),
                std::string(status.message()));
  dependencies_.core.PostDelayed(
      kWriteRetryNs, [this, key, result = std::move(result)] { WriteResult(key, result); });
}

void JobRunner::Forget(const AttemptKey& key) {
  finished_.push_back(key);
  if (finished_.size() > kMaxFinished) finished_.pop_front();
  if (active_ != nullptr && active_->key() == key) active_.reset();
}

}  // namespace tinyjoule
