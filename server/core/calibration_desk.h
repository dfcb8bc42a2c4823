// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_CALIBRATION_DESK_H_
#define SERVER_CORE_CALIBRATION_DESK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/task_runner.h"
#include "server/core/fleet.h"
#include "tinyjoule/v1/fleet_service.pb.h"

namespace tinyjoule {

// Brings calibration tasks to agents and their answers back. One at a time for each agent; no run
// is offered to it meanwhile. Every `done` is called once, on the core sequence: with the answer,
// when the agent's stream ends, at the deadline, or at the desk's end. Core sequence.
class CalibrationDesk {
 public:
  using Done = std::function<void(absl::StatusOr<v1::CalibrateAgentResponse>)>;

  CalibrationDesk(TaskRunner& runner, Fleet& fleet);
  ~CalibrationDesk();
  CalibrationDesk(const CalibrationDesk&) = delete;
  CalibrationDesk& operator=(const CalibrationDesk&) = delete;

  // active_run: of the agent; empty: none.
  void Begin(const v1::CalibrateAgentRequest& request, const std::string& active_run, Done done);
  // Also an answer that nobody waits for any more brings the sensor's new description.
  void OnCalibrated(AgentEntry& agent, const v1::Calibrated& answer);
  void OnGone(const std::string& agent);
  // Ends everything that is on: UNAVAILABLE.
  void Stop();

 private:
  struct Pending {
    uint64_t request_id = 0;
    Done done;
  };

  absl::StatusOr<AgentEntry*> FindReady(const std::string& agent, const std::string& active_run);
  void End(const std::string& agent, absl::StatusOr<v1::CalibrateAgentResponse> result);

  TaskRunner& runner_;
  Fleet& fleet_;
  uint64_t last_request_id_ = 0;
  std::map<std::string, Pending> pending_;
  // Its end tells posted tasks that the desk is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_CALIBRATION_DESK_H_
