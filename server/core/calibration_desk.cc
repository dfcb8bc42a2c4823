// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/calibration_desk.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/energy/calibration_task.h"
#include "server/core/log_if_error.h"

namespace tinyjoule {

CalibrationDesk::CalibrationDesk(TaskRunner& runner, Fleet& fleet)
    : runner_(runner), fleet_(fleet) {}

CalibrationDesk::~CalibrationDesk() { Stop(); }

void CalibrationDesk::Begin(const v1::CalibrateAgentRequest& request, const std::string& active_run,
                            Done done) {
  const absl::StatusOr<AgentEntry*> agent = FindReady(request.agent(), active_run);
  if (!agent.ok()) return done(agent.status());
  const uint64_t request_id = ++last_request_id_;
  pending_[request.agent()] = {request_id, std::move(done)};
  (*agent)->calibrating = true;
  v1::ConnectResponse message;
  message.mutable_calibrate()->set_request_id(request_id);
  *message.mutable_calibrate()->mutable_task() = request.task();
  (*agent)->session->Send(message);
  const int64_t timeout_ns = CalibrationTimeoutNs(request.task());
  runner_.PostDelayed(timeout_ns, [this, weak = std::weak_ptr<bool>(alive_), request_id, timeout_ns,
                                   name = request.agent()] {
    if (weak.expired()) return;
    const auto pending = pending_.find(name);
    if (pending == pending_.end() || pending->second.request_id != request_id) return;
    End(name, absl::DeadlineExceededError(absl::StrCat(
                  "agent ", name, " did not answer within ", timeout_ns / kNsPerSecond,
                  " s; an agent of an older version cannot be calibrated (coord list agents)")));
  });
}

absl::StatusOr<AgentEntry*> CalibrationDesk::FindReady(const std::string& agent,
                                                       const std::string& active_run) {
  AgentEntry* entry = fleet_.Find(agent);
  if (entry == nullptr) return absl::NotFoundError(absl::StrCat("no agent ", agent));
  if (entry->session == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("agent ", agent, " is not connected"));
  }
  if (pending_.count(agent) > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("agent ", agent, " is busy with another calibration"));
  }
  if (!active_run.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("agent ", agent, " is busy with run ", active_run,
                     "; wait for its end (coord agents cordon keeps the next one away)"));
  }
  return entry;
}

void CalibrationDesk::OnCalibrated(AgentEntry& agent, const v1::Calibrated& answer) {
  const std::string& name = agent.record.name;
  if (answer.has_sensor()) {
    LogIfError(fleet_.SetSensor(agent, answer.sensor()),
               absl::StrCat("store the sensor of agent ", name));
  }
  const auto pending = pending_.find(name);
  if (pending == pending_.end() || pending->second.request_id != answer.request_id()) return;
  if (answer.code() != 0) {
    auto code = static_cast<absl::StatusCode>(answer.code());
    // To a client that word means that no coordinator answers.
    if (code == absl::StatusCode::kUnavailable) code = absl::StatusCode::kAborted;
    return End(name, absl::Status(code, absl::StrCat("agent ", name, ": ", answer.message(),
                                                     "; nothing was changed")));
  }
  v1::CalibrateAgentResponse response;
  *response.mutable_agent() = fleet_.Describe(agent);
  *response.mutable_observer_costs() = answer.observer_costs();
  End(name, std::move(response));
}

void CalibrationDesk::OnGone(const std::string& agent) {
  if (pending_.count(agent) == 0) return;
  End(agent, absl::AbortedError(absl::StrCat(
                 "the connection of agent ", agent,
                 " broke during the calibration; --show tells what is in force when it is back")));
}

void CalibrationDesk::Stop() {
  while (!pending_.empty()) {
    End(pending_.begin()->first, absl::UnavailableError("the coordinator is stopping"));
  }
}

void CalibrationDesk::End(const std::string& agent,
                          absl::StatusOr<v1::CalibrateAgentResponse> result) {
  // `agent` may be the key itself.
  auto pending = pending_.extract(agent);
  if (AgentEntry* entry = fleet_.Find(pending.key())) entry->calibrating = false;
  pending.mapped().done(std::move(result));
}

}  // namespace tinyjoule
