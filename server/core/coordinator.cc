// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/coordinator.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/core/calibration_desk.h"
#include "server/core/chunk_ingest.h"
#include "server/core/drift.h"
#include "server/core/fleet.h"
#include "server/core/ledger.h"
#include "server/core/paging.h"
#include "server/core/power_hub.h"
#include "server/core/run_tracker.h"
#include "server/core/sweep_desk.h"
#include "server/core/training_queue.h"
#include "server/core/watch_hub.h"

namespace tinyjoule {
namespace {

constexpr int64_t kTickNs = kNsPerSecond;
constexpr uint64_t kMaxLogBytes = 1024 * 1024;

// The run of the id, or of a prefix that only one has. InvalidArgument: several have it.
absl::StatusOr<std::string> FindRunId(RunReader& reader, const std::string& prefix) {
  TJ_ASSIGN_OR_RETURN(const auto ids, reader.FindRunIds(prefix, 2));
  if (ids.empty()) return absl::NotFoundError(absl::StrCat("no run \"", prefix, "\""));
  if (ids.size() > 1 && ids.front() != prefix) {
    return absl::InvalidArgumentError(absl::StrCat("\"", prefix, "\" begins several runs"));
  }
  return ids.front();
}

// The end of the log of a task, or of the task that trained a trial.
absl::StatusOr<v1::GetLogResponse> TaskLog(RunReader& reader, FileSystem& files,
                                           const std::string& id) {
  const auto trial = reader.GetTrial(id);
  const auto task = reader.GetTask(trial.ok() ? trial->task_id : id);
  if (!task.ok()) {
    return absl::NotFoundError(absl::StrCat("no run, trial or task is called \"", id, "\""));
  }
  v1::GetLogResponse response;
  if (task->log_path.empty()) return response;
  TJ_ASSIGN_OR_RETURN(const uint64_t size, files.FileSize(task->log_path));
  const uint64_t offset = size > kMaxLogBytes ? size - kMaxLogBytes : 0;
  TJ_ASSIGN_OR_RETURN(*response.mutable_text(),
                      files.ReadRange(task->log_path, offset, kMaxLogBytes));
  return response;
}

}  // namespace

struct Coordinator::Parts {
  Parts(const CoordinatorDependencies& dependencies, const CoordinatorOptions& given)
      : options(given),
        runner(dependencies.core_sequence),
        clock(dependencies.clock),
        files(dependencies.files),
        store(dependencies.store),
        ledger(store),
        fleet(store, clock),
        hub(runner, ledger, clock),
        power(runner,
              [this](const std::string& name) {
                AgentEntry* agent = fleet.Find(name);
                return agent == nullptr ? nullptr : agent->session;
              }),
        calibrations(runner, fleet),
        training(ledger, clock, hub, dependencies.artifacts, dependencies.executor,
                 [this] { Pump(); }),
        tracker(
            {ledger, fleet, clock, hub, dependencies.artifacts, dependencies.assembler, options}),
        ingest(runner, store, fleet, tracker, options.group_commit_delay_ns,
               [this] { tracker.OfferRuns(); }),
        desk({ledger, fleet, clock, hub, dependencies.artifacts, training, tracker, options}) {}

  // Starts whatever has become possible. The end of every turn that may have changed something.
  void Pump() {
    training.SubmitReady();
    tracker.OfferRuns();
  }

  absl::Status Recover() {
    TJ_RETURN_IF_ERROR(fleet.Load());
    TJ_RETURN_IF_ERROR(ledger.LoadActiveSweeps());
    TJ_ASSIGN_OR_RETURN(const auto open_attempts, store.reads().ListOpenAttempts());
    TJ_RETURN_IF_ERROR(tracker.Restore());
    LedgerChange change(ledger, clock, hub);
    TJ_RETURN_IF_ERROR(training.QueueAgain(change));
    if (!change.empty()) TJ_RETURN_IF_ERROR(change.Commit());
    ingest.CheckOpenAttempts(open_attempts);
    Pump();
    PostTick();
    return absl::OkStatus();
  }

  void PostTick() {
    runner.PostDelayed(kTickNs, [this, weak = std::weak_ptr<bool>(alive)] {
      if (weak.expired()) return;
      Tick();
      PostTick();
    });
  }

  void Tick() {
    CloseSilentAgents();
    tracker.Tick();
    ingest.RetryCompletions();
    training.RetryUnstored();
    Pump();
  }

  void CloseSilentAgents() {
    const int64_t limit_ns = clock.MonotonicNs() - options.silence_limit_ns;
    for (auto& [name, agent] : fleet.agents()) {
      if (agent.session == nullptr || agent.last_heard_mono_ns > limit_ns) continue;
      AgentSession& session = *agent.session;
      spdlog::warn("agent {} is silent: disconnected", name);
      Detach(session);
      session.Close(absl::DeadlineExceededError("no message for too long"));
    }
  }

  void Detach(AgentSession& session) {
    const AgentEntry* agent = fleet.Detach(session);
    if (agent == nullptr) return;
    tracker.OnGone(*agent);
    calibrations.OnGone(agent->record.name);
  }

  void Handle(AgentEntry& agent, const v1::ConnectRequest& message);
  void OnHeartbeat(AgentEntry& agent, const v1::Heartbeat& heartbeat);

  const CoordinatorOptions options;
  TaskRunner& runner;
  Clock& clock;
  FileSystem& files;
  RunStore& store;
  Ledger ledger;
  Fleet fleet;
  WatchHub hub;
  PowerHub power;
  CalibrationDesk calibrations;
  TrainingQueue training;
  RunTracker tracker;
  ChunkIngest ingest;
  SweepDesk desk;
  // Its end tells posted tasks that the coordinator is gone.
  const std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

void Coordinator::Parts::OnHeartbeat(AgentEntry& agent, const v1::Heartbeat& heartbeat) {
  const int64_t now_ns = clock.UtcNs();
  agent.last_heartbeat = heartbeat;
  v1::ConnectResponse answer;
  *answer.mutable_heartbeat() = heartbeat;
  answer.mutable_heartbeat()->set_received_utc_ns(now_ns);
  answer.mutable_heartbeat()->set_answered_utc_ns(now_ns);
  agent.session->Send(answer);
}

void Coordinator::Parts::Handle(AgentEntry& agent, const v1::ConnectRequest& message) {
  switch (message.message_case()) {
    case v1::ConnectRequest::kOfferReply:
      tracker.OnOfferReply(agent, message.offer_reply());
      return Pump();
    case v1::ConnectRequest::kProgress:
      return tracker.OnProgress(agent, message.progress());
    case v1::ConnectRequest::kChunk: {
      const absl::Status status = ingest.Add(agent, message.chunk());
      if (!status.ok()) agent.session->Close(status);
      return;
    }
    case v1::ConnectRequest::kHeartbeat:
      return OnHeartbeat(agent, message.heartbeat());
    case v1::ConnectRequest::kLivePower:
      return power.OnPower(agent.record.name, message.live_power());
    case v1::ConnectRequest::kCalibrated:
      calibrations.OnCalibrated(agent, message.calibrated());
      return Pump();
    default:
      return agent.session->Close(absl::InvalidArgumentError("a message that is not expected"));
  }
}

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Start(
    const CoordinatorDependencies& dependencies, const CoordinatorOptions& options) {
  auto parts = std::make_unique<Parts>(dependencies, options);
  TJ_RETURN_IF_ERROR(Annotate(parts->Recover(), "recover the coordinator's state"));
  return std::unique_ptr<Coordinator>(new Coordinator(std::move(parts)));
}

Coordinator::Coordinator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Coordinator::~Coordinator() = default;

// --- Sweeps ---------------------------------------------------------------------------------

absl::StatusOr<v1::CreateSweepResponse> Coordinator::CreateSweep(
    const v1::CreateSweepRequest& request) {
  auto response = parts_->desk.Create(request);
  parts_->Pump();
  return response;
}

absl::StatusOr<v1::GetSweepResponse> Coordinator::GetSweep(const v1::GetSweepRequest& request) {
  TJ_ASSIGN_OR_RETURN(const std::string sweep_id, parts_->desk.Resolve(request.sweep_id()));
  v1::GetSweepResponse response;
  TJ_ASSIGN_OR_RETURN(*response.mutable_sweep(), parts_->desk.Describe(sweep_id));
  return response;
}

absl::StatusOr<v1::ListSweepsResponse> Coordinator::ListSweeps(
    const v1::ListSweepsRequest& request) {
  return parts_->desk.List(request);
}

absl::StatusOr<v1::ListTrialsResponse> Coordinator::ListTrials(
    const v1::ListTrialsRequest& request) {
  return parts_->desk.ListTrials(request);
}

absl::StatusOr<v1::CancelSweepResponse> Coordinator::CancelSweep(
    const v1::CancelSweepRequest& request) {
  auto response = parts_->desk.Cancel(request);
  parts_->Pump();
  return response;
}

absl::StatusOr<v1::RetrySweepResponse> Coordinator::RetrySweep(
    const v1::RetrySweepRequest& request) {
  auto response = parts_->desk.Retry(request);
  parts_->Pump();
  return response;
}

absl::StatusOr<std::unique_ptr<SweepSubscription>> Coordinator::WatchSweep(
    const v1::WatchSweepRequest& request, std::function<void()> on_ready) {
  TJ_ASSIGN_OR_RETURN(const std::string sweep_id, parts_->desk.Resolve(request.sweep_id()));
  return parts_->hub.Watch(sweep_id, request.after_sequence(), std::move(on_ready));
}

// --- Runs -----------------------------------------------------------------------------------

absl::StatusOr<v1::GetRunResponse> Coordinator::GetRun(const v1::GetRunRequest& request) {
  RunReader& reader = parts_->store.reads();
  if (request.run_id().empty()) return absl::InvalidArgumentError("run_id: empty");
  TJ_ASSIGN_OR_RETURN(const std::string run_id, FindRunId(reader, request.run_id()));
  v1::GetRunResponse response;
  TJ_ASSIGN_OR_RETURN(*response.mutable_run(), LoadRun(reader, run_id));
  TJ_RETURN_IF_ERROR(DriftFinder(reader).AddTo(*response.mutable_run()));
  return response;
}

absl::StatusOr<v1::ListRunsResponse> Coordinator::ListRuns(const v1::ListRunsRequest& request) {
  TJ_ASSIGN_OR_RETURN(const std::string sweep_id, parts_->desk.Resolve(request.sweep_id()));
  TJ_ASSIGN_OR_RETURN(const Page page, ParsePage(request.page_size(), request.page_token()));
  RunReader& reader = parts_->store.reads();
  TJ_ASSIGN_OR_RETURN(auto records, reader.ListRuns(sweep_id, page.first, page.size));
  v1::ListRunsResponse response;
  if (records.size() == page.size) {
    response.set_next_page_token(absl::StrCat(records.back().position + 1));
  }
  DriftFinder drift(reader);
  for (RunRecord& record : records) {
    v1::Run& run = *response.add_runs();
    TJ_ASSIGN_OR_RETURN(run, CompleteRun(reader, std::move(record)));
    TJ_RETURN_IF_ERROR(drift.AddTo(run));
  }
  return response;
}

absl::StatusOr<v1::GetLogResponse> Coordinator::GetLog(const v1::GetLogRequest& request) {
  RunReader& reader = parts_->store.reads();
  const auto run_id = FindRunId(reader, request.id());
  if (absl::IsInvalidArgument(run_id.status())) return run_id.status();
  if (!run_id.ok()) return TaskLog(reader, parts_->files, request.id());
  TJ_ASSIGN_OR_RETURN(const RunRecord run, reader.GetRun(*run_id));
  v1::GetLogResponse response;
  response.set_text(run.run.result().runner_log());
  return response;
}

absl::StatusOr<std::unique_ptr<PowerSubscription>> Coordinator::WatchPower(
    const v1::WatchPowerRequest& request, std::function<void()> on_ready) {
  if (parts_->fleet.Find(request.agent()) == nullptr) {
    return absl::NotFoundError(absl::StrCat("no agent ", request.agent()));
  }
  return parts_->power.Watch(request.agent(), request.max_rate_hz(), std::move(on_ready));
}

absl::StatusOr<std::string> Coordinator::ResolveSweepId(const std::string& id_or_name) {
  return parts_->desk.Resolve(id_or_name);
}

absl::StatusOr<std::unique_ptr<RunReader>> Coordinator::OpenSnapshot() {
  return parts_->store.OpenSnapshot();
}

// --- The fleet ------------------------------------------------------------------------------

absl::StatusOr<v1::ListAgentsResponse> Coordinator::ListAgents(const v1::ListAgentsRequest&) {
  v1::ListAgentsResponse response;
  for (const auto& [name, agent] : parts_->fleet.agents()) {
    v1::Agent& description = *response.add_agents() = parts_->fleet.Describe(agent);
    description.set_active_run_id(parts_->tracker.ActiveRunOf(name));
  }
  return response;
}

absl::StatusOr<v1::LabelAgentResponse> Coordinator::LabelAgent(
    const v1::LabelAgentRequest& request) {
  TJ_ASSIGN_OR_RETURN(const AgentEntry* agent, parts_->fleet.Label(request));
  parts_->desk.OnAgentJoined();
  parts_->Pump();
  v1::LabelAgentResponse response;
  *response.mutable_agent() = parts_->fleet.Describe(*agent);
  return response;
}

absl::StatusOr<v1::CordonAgentResponse> Coordinator::CordonAgent(
    const v1::CordonAgentRequest& request) {
  TJ_ASSIGN_OR_RETURN(const AgentEntry* agent,
                      parts_->fleet.Cordon(request.agent(), request.cordoned()));
  parts_->desk.OnAgentJoined();
  parts_->Pump();
  v1::CordonAgentResponse response;
  *response.mutable_agent() = parts_->fleet.Describe(*agent);
  return response;
}

absl::StatusOr<v1::RemoveAgentResponse> Coordinator::RemoveAgent(
    const v1::RemoveAgentRequest& request) {
  TJ_RETURN_IF_ERROR(parts_->fleet.Remove(request.agent()));
  return v1::RemoveAgentResponse();
}

void Coordinator::CalibrateAgent(
    const v1::CalibrateAgentRequest& request,
    std::function<void(absl::StatusOr<v1::CalibrateAgentResponse>)> done) {
  parts_->calibrations.Begin(request, parts_->tracker.ActiveRunOf(request.agent()),
                             std::move(done));
}

v1::GetServerInfoResponse Coordinator::GetServerInfo() const {
  v1::GetServerInfoResponse response;
  response.set_version(parts_->options.version);
  response.set_data_dir(parts_->options.data_dir);
  response.set_trainers(parts_->options.trainers);
  return response;
}

// --- Agents' streams ------------------------------------------------------------------------

absl::Status Coordinator::AttachAgent(AgentSession& session, const v1::Hello& hello) {
  TJ_ASSIGN_OR_RETURN(AgentEntry * agent, parts_->fleet.Attach(session, hello));
  v1::ConnectResponse message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol(kProtocolVersion);
  welcome.set_coordinator_version(parts_->options.version);
  welcome.set_heartbeat_interval_ms(parts_->options.heartbeat_interval_ns / kNsPerMs);
  session.Send(message);
  // The session that was asked, if any, is the one that this one replaces.
  parts_->calibrations.OnGone(hello.agent_name());
  parts_->tracker.OnAttached(*agent, hello);
  parts_->power.OnAttached(hello.agent_name());
  parts_->desk.OnAgentJoined();
  parts_->Pump();
  return absl::OkStatus();
}

void Coordinator::OnAgentMessage(AgentSession& session, const v1::ConnectRequest& message) {
  AgentEntry* agent = parts_->fleet.FindBySession(session);
  // Of a session that was replaced or closed.
  if (agent == nullptr) return;
  agent->last_heard_mono_ns = parts_->clock.MonotonicNs();
  parts_->tracker.OnHeard(*agent);
  parts_->Handle(*agent, message);
}

void Coordinator::OnAgentGone(AgentSession& session) {
  parts_->Detach(session);
  parts_->Pump();
}

void Coordinator::Drain() {
  parts_->calibrations.Stop();
  parts_->training.Stop();
  parts_->tracker.Stop();
  parts_->ingest.Flush();
}

}  // namespace tinyjoule
