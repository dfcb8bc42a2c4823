// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_COORDINATOR_H_
#define SERVER_CORE_COORDINATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/task_runner.h"
#include "server/core/agent_session.h"
#include "server/core/artifact_store.h"
#include "server/core/coordinator_options.h"
#include "server/core/run_assembler_port.h"
#include "server/core/run_store.h"
#include "server/core/subscription.h"
#include "server/core/training_executor.h"
#include "tinyjoule/v1/fleet_service.pb.h"
#include "tinyjoule/v1/run_service.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// What the coordinator stands on. Everything outlives it.
struct CoordinatorDependencies {
  TaskRunner& core_sequence;
  Clock& clock;
  FileSystem& files;
  RunStore& store;
  ArtifactStore& artifacts;
  TrainingExecutor& executor;
  RunAssemblerPort& assembler;
};

// The coordinator's heart: what the gRPC services translate to. Life cycle: Start (reloads
// everything from the store and goes on), calls on the core sequence only, destruction on the core
// sequence. Every answer describes committed state.
class Coordinator {
 public:
  static absl::StatusOr<std::unique_ptr<Coordinator>> Start(
      const CoordinatorDependencies& dependencies, const CoordinatorOptions& options);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Sweeps. InvalidArgument carries every diagnostic of the file, one a line as
  // "file:line:column: message", in the message. An id may be a unique prefix or a name.
  absl::StatusOr<v1::CreateSweepResponse> CreateSweep(const v1::CreateSweepRequest& request);
  absl::StatusOr<v1::GetSweepResponse> GetSweep(const v1::GetSweepRequest& request);
  absl::StatusOr<v1::ListSweepsResponse> ListSweeps(const v1::ListSweepsRequest& request);
  absl::StatusOr<v1::ListTrialsResponse> ListTrials(const v1::ListTrialsRequest& request);
  absl::StatusOr<v1::CancelSweepResponse> CancelSweep(const v1::CancelSweepRequest& request);
  absl::StatusOr<v1::RetrySweepResponse> RetrySweep(const v1::RetrySweepRequest& request);
  // Events after the given sequence, then live ones. `on_ready` is called on the core sequence,
  // never from inside, when Next() of the subscription has something new.
  absl::StatusOr<std::unique_ptr<SweepSubscription>> WatchSweep(
      const v1::WatchSweepRequest& request, std::function<void()> on_ready);

  // Runs.
  absl::StatusOr<v1::GetRunResponse> GetRun(const v1::GetRunRequest& request);
  absl::StatusOr<v1::ListRunsResponse> ListRuns(const v1::ListRunsRequest& request);
  absl::StatusOr<v1::GetLogResponse> GetLog(const v1::GetLogRequest& request);
  absl::StatusOr<std::unique_ptr<PowerSubscription>> WatchPower(
      const v1::WatchPowerRequest& request, std::function<void()> on_ready);
  // For exports and verification on another thread: resolve the sweep's id, then read.
  absl::StatusOr<std::string> ResolveSweepId(const std::string& id_or_name);
  absl::StatusOr<std::unique_ptr<RunReader>> OpenSnapshot();

  // The fleet.
  absl::StatusOr<v1::ListAgentsResponse> ListAgents(const v1::ListAgentsRequest& request);
  absl::StatusOr<v1::LabelAgentResponse> LabelAgent(const v1::LabelAgentRequest& request);
  absl::StatusOr<v1::CordonAgentResponse> CordonAgent(const v1::CordonAgentRequest& request);
  absl::StatusOr<v1::RemoveAgentResponse> RemoveAgent(const v1::RemoveAgentRequest& request);
  // `done` is called once, on the core sequence, at the latest when the coordinator drains; perhaps
  // at once. Errors as FleetService.CalibrateAgent says.
  void CalibrateAgent(const v1::CalibrateAgentRequest& request,
                      std::function<void(absl::StatusOr<v1::CalibrateAgentResponse>)> done);
  v1::GetServerInfoResponse GetServerInfo() const;

  // An agent's stream: its Hello came first. On OK the Welcome is sent through `session`. On an
  // error the call ends with it and OnAgentGone is not called: FailedPrecondition (no common
  // protocol, the name is taken), InvalidArgument (a bad name).
  [[nodiscard]] absl::Status AttachAgent(AgentSession& session, const v1::Hello& hello);
  // Every later message of the stream. Messages that make no sense close the session.
  void OnAgentMessage(AgentSession& session, const v1::ConnectRequest& message);
  // The stream ended, for whatever reason. Safe for a session that was replaced.
  void OnAgentGone(AgentSession& session);

  // No new offers and no new training from now on; runs that are on go on. For SIGTERM.
  void Drain();

 private:
  struct Parts;
  explicit Coordinator(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_COORDINATOR_H_
