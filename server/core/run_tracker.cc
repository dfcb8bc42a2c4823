// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/run_tracker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "server/core/agent_matching.h"
#include "server/core/job_spec.h"
#include "server/core/timestamps.h"
#include "server/core/training_queue.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxRefusalDoublings = 6;

std::string PhaseWord(v1::RunPhase phase) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::RunPhase_Name(phase), "RUN_PHASE_"));
}

void LogIfError(const absl::Status& status, absl::string_view what) {
  if (!status.ok()) spdlog::error("{}: {}", std::string(what), status.ToString());
}

}  // namespace

absl::Status RunTracker::Restore() {
  TJ_ASSIGN_OR_RETURN(const auto attempts, context_.ledger.store().reads().ListOpenAttempts());
  for (const AttemptRecord& attempt : attempts) {
    const RunEntry* run = context_.ledger.FindRun(attempt.key.run_id);
    if (run == nullptr) continue;
    Lease& lease = leases_[attempt.key.run_id];
    lease.attempt = attempt;
    lease.sweep_id = run->sweep_id;
    lease.absent_since_ns = Now();
    lease.cancel_requested = context_.ledger.FindSweep(run->sweep_id)->record.cancelling;
    Renew(lease);
  }
  return absl::OkStatus();
}

RunTracker::Lease* RunTracker::FindLease(const std::string& run_id, uint32_t attempt) {
  const auto found = leases_.find(run_id);
  if (found == leases_.end() || found->second.attempt.key.attempt != attempt) return nullptr;
  return &found->second;
}

RunTracker::Lease* RunTracker::LeaseOf(const std::string& agent) {
  for (auto& [run_id, lease] : leases_) {
    if (lease.attempt.agent == agent) return &lease;
  }
  return nullptr;
}

bool RunTracker::IsOpen(const AttemptKey& key) const {
  const auto found = leases_.find(key.run_id);
  return found != leases_.end() && found->second.attempt.key == key;
}

std::string RunTracker::ActiveRunOf(const std::string& agent) const {
  for (const auto& [run_id, lease] : leases_) {
    if (lease.attempt.agent == agent) return run_id;
  }
  return "";
}

void RunTracker::Renew(Lease& lease) { lease.deadline_ns = Now() + context_.options.lease_ns; }

// --- Offers ---------------------------------------------------------------------------------

bool RunTracker::MayStart(const SweepEntry& sweep, const RunEntry& run,
                          const std::string& agent) const {
  const TaskEntry* task = context_.ledger.FindTask(run.task_id);
  if (task == nullptr || task->state != v1::TASK_STATE_SUCCEEDED) return false;
  const auto refusal = refusals_.find(absl::StrCat(run.run_id, "@", agent));
  return (refusal == refusals_.end() || refusal->second.not_before_ns <= Now()) &&
         !sweep.record.cancelling;
}

const RunEntry* RunTracker::NextRunOf(const SweepEntry& sweep, const std::string& agent) const {
  for (const std::string& place : {agent, std::string()}) {
    const auto waiting = sweep.waiting.find(place);
    if (waiting == sweep.waiting.end()) continue;
    for (const auto& [position, run_id] : waiting->second) {
      const RunEntry* run = context_.ledger.FindRun(run_id);
      if (MayStart(sweep, *run, agent)) return run;
    }
  }
  return nullptr;
}

const RunEntry* RunTracker::NextRunFor(const AgentEntry& agent) {
  for (const SweepEntry* sweep : context_.ledger.SweepsInOrder()) {
    if (!context_.options.measure_while_training && !context_.ledger.IsTrained(*sweep)) continue;
    if (!MismatchReason(sweep->record.spec, agent.record).empty()) continue;
    if (const RunEntry* run = NextRunOf(*sweep, agent.record.name)) return run;
  }
  return nullptr;
}

void RunTracker::OfferRuns() {
  if (stopped_) return;
  for (auto& [name, agent] : context_.fleet.agents()) {
    if (agent.session == nullptr || agent.record.cordoned || LeaseOf(name) != nullptr) continue;
    // A run whose model is gone fails here, and the next one is tried.
    while (const RunEntry* run = NextRunFor(agent)) {
      const std::string run_id = run->run_id;
      const absl::Status status = Offer(agent, run_id);
      if (status.ok()) break;
      LogIfError(status, absl::StrCat("offer run ", run_id, " to ", name));
      if (!absl::IsNotFound(status)) return;
      if (!FailRun(run_id, std::string(status.message())).ok()) return;
    }
  }
}

absl::Status RunTracker::Offer(AgentEntry& agent, const std::string& run_id) {
  const RunEntry& run = *context_.ledger.FindRun(run_id);
  Lease lease;
  lease.sweep_id = run.sweep_id;
  lease.attempt.key = {run_id, run.attempt + 1};
  lease.attempt.agent = agent.record.name;
  lease.attempt.offered_utc_ns = context_.clock.UtcNs();
  lease.deadline_ns = Now() + context_.options.offer_timeout_ns;
  TJ_RETURN_IF_ERROR(MakeJob(lease.attempt.key).status());
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  TJ_RETURN_IF_ERROR(change.SetRun(run_id, [&](RunRecord& record) {
    record.run.set_state(v1::RUN_STATE_OFFERED);
    record.run.set_attempt(lease.attempt.key.attempt);
    record.run.clear_reason();
    *record.run.mutable_agent() = agent.record.reported.facts();
  }));
  change.PutAttempt(lease.attempt);
  TJ_RETURN_IF_ERROR(change.Commit());
  leases_[run_id] = lease;
  SendOffer(agent, lease);
  return absl::OkStatus();
}

// NotFound when what the run needs is not there.
absl::StatusOr<v1::JobSpec> RunTracker::MakeJob(const AttemptKey& key) {
  TJ_ASSIGN_OR_RETURN(const v1::Run run, LoadRun(context_.ledger.store().reads(), key.run_id));
  for (const v1::ArtifactFile* file : {&run.outcome().model(), &run.outcome().test_inputs()}) {
    if (context_.artifacts.Has(file->sha256())) continue;
    return absl::NotFoundError(
        absl::StrCat("its artifact is missing: ", context_.artifacts.PathOf(file->sha256())));
  }
  const SweepEntry& sweep = *context_.ledger.FindSweep(run.sweep_id());
  return BuildJobSpec(run, sweep.record.spec, key.attempt);
}

void RunTracker::SendOffer(AgentEntry& agent, const Lease& lease) {
  auto job = MakeJob(lease.attempt.key);
  if (!job.ok() || agent.session == nullptr) return;
  v1::ConnectResponse message;
  *message.mutable_offer()->mutable_job() = *std::move(job);
  *message.mutable_offer()->mutable_lease() = ToDuration(context_.options.lease_ns);
  agent.session->Send(message);
}

void RunTracker::SendCancel(AgentEntry& agent, const AttemptKey& key, bool now) {
  if (agent.session == nullptr) return;
  v1::ConnectResponse message;
  message.mutable_cancel_run()->set_run_id(key.run_id);
  message.mutable_cancel_run()->set_attempt(key.attempt);
  message.mutable_cancel_run()->set_now(now);
  agent.session->Send(message);
}

absl::Status RunTracker::FailRun(const std::string& run_id, const std::string& reason) {
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  TJ_RETURN_IF_ERROR(change.SetRun(run_id, [&](RunRecord& record) {
    record.run.set_state(v1::RUN_STATE_FAILED);
    record.run.set_reason(reason);
  }));
  return change.Commit();
}

// --- What agents say ------------------------------------------------------------------------

void RunTracker::OnAttached(AgentEntry& agent, const v1::Hello& hello) {
  const AttemptKey active{hello.active_run_id(), hello.active_attempt()};
  if (!active.run_id.empty() && !IsOpen(active)) SendCancel(agent, active, true);
  Lease* lease = LeaseOf(agent.record.name);
  if (lease == nullptr) return;
  lease->absent_since_ns = 0;
  lease->confirmed = lease->attempt.key == active;
  Renew(*lease);
  if (lease->confirmed && !lease->attempt.accepted) LogIfError(Accept(*lease), "accept an attempt");
  if (!lease->confirmed && !lease->attempt.accepted) SendOffer(agent, *lease);
  if (lease->cancel_requested) SendCancel(agent, lease->attempt.key, lease->cancel_now);
}

void RunTracker::OnGone(const AgentEntry& agent) {
  Lease* lease = LeaseOf(agent.record.name);
  if (lease == nullptr) return;
  lease->absent_since_ns = Now();
  lease->confirmed = false;
  Renew(*lease);
}

void RunTracker::OnHeard(const AgentEntry& agent) {
  Lease* lease = LeaseOf(agent.record.name);
  if (lease != nullptr && lease->confirmed) Renew(*lease);
}

absl::Status RunTracker::Accept(Lease& lease) {
  AttemptRecord accepted = lease.attempt;
  accepted.accepted = true;
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  TJ_RETURN_IF_ERROR(change.SetRun(accepted.key.run_id, [&](RunRecord& record) {
    record.run.set_state(v1::RUN_STATE_RUNNING);
    *record.run.mutable_started_at() = ToTimestamp(context_.clock.UtcNs());
  }));
  change.PutAttempt(accepted);
  TJ_RETURN_IF_ERROR(change.Commit());
  lease.attempt = accepted;
  refusals_.erase(absl::StrCat(accepted.key.run_id, "@", accepted.agent));
  return absl::OkStatus();
}

void RunTracker::OnOfferReply(const AgentEntry& agent, const v1::OfferReply& reply) {
  Lease* lease = FindLease(reply.run_id(), reply.attempt());
  if (lease == nullptr || lease->attempt.agent != agent.record.name) return;
  if (reply.accepted()) {
    lease->confirmed = true;
    Renew(*lease);
    if (!lease->attempt.accepted) LogIfError(Accept(*lease), "accept an attempt");
    return;
  }
  if (lease->attempt.accepted) return;
  Refusal& refusal = refusals_[absl::StrCat(reply.run_id(), "@", agent.record.name)];
  const uint32_t doublings = std::min(refusal.count++, kMaxRefusalDoublings);
  refusal.not_before_ns = Now() + (context_.options.decline_delay_ns << doublings);
  refusal.reason = absl::StrCat(agent.record.name, " declined: ", reply.reason());
  const Lease declined = *lease;
  LogIfError(End(declined, v1::ATTEMPT_STATE_CANCELLED, refusal.reason, false),
             "record a declined offer");
}

void RunTracker::OnProgress(const AgentEntry& agent, const v1::RunProgress& progress) {
  Lease* lease = FindLease(progress.run_id(), progress.attempt());
  if (lease == nullptr || lease->attempt.agent != agent.record.name) return;
  lease->confirmed = true;
  Renew(*lease);
  if (!lease->attempt.accepted) LogIfError(Accept(*lease), "accept an attempt");
  const RunEntry& run = *context_.ledger.FindRun(progress.run_id());
  const auto record = context_.ledger.store().reads().GetRun(run.run_id);
  if (!record.ok()) return;
  v1::RunUpdate update;
  update.set_run_id(run.run_id);
  update.set_label(RunLabel(record->run));
  update.set_agent(agent.record.name);
  update.set_state(run.state);
  update.set_phase(PhaseWord(progress.phase()));
  update.set_window(progress.window());
  update.set_window_count(progress.window_count());
  context_.hub.OnRunProgress(run, update);
}

void RunTracker::OnChunks(const AttemptKey& key) {
  Lease* lease = FindLease(key.run_id, key.attempt);
  if (lease == nullptr) return;
  Renew(*lease);
  if (!lease->attempt.accepted) LogIfError(Accept(*lease), "accept an attempt");
}

// --- Ends -----------------------------------------------------------------------------------

bool RunTracker::OnComplete(const AttemptKey& key, const v1::RunResult& result,
                            uint64_t conflicts) {
  const bool official = IsOpen(key);
  const absl::Status status = official
                                  ? WriteResult(Lease(leases_.at(key.run_id)), result, conflicts)
                                  : KeepLateResult(key);
  LogIfError(status, absl::StrCat("record the result of ", key.run_id, "/", key.attempt));
  if (status.ok() && official) leases_.erase(key.run_id);
  return status.ok();
}

absl::Status RunTracker::KeepLateResult(const AttemptKey& key) {
  TJ_ASSIGN_OR_RETURN(AttemptRecord attempt, context_.ledger.store().reads().GetAttempt(key));
  // The result of a finished attempt, sent again.
  if (attempt.state != v1::ATTEMPT_STATE_LOST) return absl::OkStatus();
  if (std::exchange(attempt.late_result, true)) return absl::OkStatus();
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  change.PutAttempt(attempt);
  if (const RunEntry* run = context_.ledger.FindRun(key.run_id)) {
    change.Notice(run->sweep_id,
                  absl::StrCat("attempt ", key.attempt, " of run ", key.run_id, " came late from ",
                               attempt.agent, " and is kept as superseded"));
  }
  return change.Commit();
}

absl::Status RunTracker::WriteResult(const Lease& lease, const v1::RunResult& result,
                                     uint64_t conflicts) {
  if (result.state() == v1::ATTEMPT_STATE_LOST ||
      (result.state() == v1::ATTEMPT_STATE_CANCELLED && !lease.cancel_requested)) {
    return End(lease, result.state(), absl::StrCat("the agent gave up: ", result.reason()), true);
  }
  AttemptRecord attempt = lease.attempt;
  attempt.accepted = true;
  attempt.ended_utc_ns = context_.clock.UtcNs();
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  TJ_RETURN_IF_ERROR(change.SetRun(attempt.key.run_id, [&](RunRecord& record) {
    *record.run.mutable_result() = result;
    *record.run.mutable_started_at() = result.started_at();
    *record.run.mutable_finished_at() = result.finished_at();
    Assemble(lease, conflicts, record);
    attempt.reason = record.run.reason();
    attempt.state = AttemptStateOf(record.run.state());
  }));
  change.PutAttempt(attempt);
  return change.Commit();
}

void RunTracker::Assemble(const Lease& lease, uint64_t conflicts, RunRecord& record) {
  v1::Run& run = record.run;
  run.clear_assembly();
  run.set_reason(run.result().reason());
  run.set_state(RunStateOf(run.result().state()));
  if (run.state() != v1::RUN_STATE_SUCCEEDED) return;
  auto complete = CompleteRun(context_.ledger.store().reads(), record);
  auto assembly = complete.ok() ? context_.assembler.Assemble(*complete, lease.attempt.key,
                                                              context_.ledger.store().reads())
                                : absl::StatusOr<v1::RunAssembly>(complete.status());
  if (!assembly.ok()) {
    run.set_state(v1::RUN_STATE_FAILED);
    run.set_reason(absl::StrCat("its data cannot be used: ", assembly.status().message()));
    return;
  }
  *run.mutable_assembly() = *std::move(assembly);
  if (conflicts > 0) {
    v1::Flag& flag = *run.mutable_assembly()->add_flags();
    flag.set_name("CHUNK_CONFLICT");
    flag.set_detail(absl::StrCat(conflicts, " chunks came again with other bytes; kept apart"));
  }
  if (!run.assembly().valid()) {
    run.set_state(v1::RUN_STATE_INVALID);
    run.set_reason(FatalFlags(run.assembly()));
  }
}

absl::Status RunTracker::End(const Lease& lease, v1::AttemptState state, const std::string& reason,
                             bool counts) {
  AttemptRecord attempt = lease.attempt;
  attempt.state = state;
  attempt.reason = reason;
  attempt.ended_utc_ns = context_.clock.UtcNs();
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  TJ_RETURN_IF_ERROR(change.SetRun(attempt.key.run_id, [&](RunRecord& record) {
    if (!counts) ++record.attempt_limit;
    WaitAgain(lease, state, reason, record);
  }));
  change.PutAttempt(attempt);
  TJ_RETURN_IF_ERROR(change.Commit());
  leases_.erase(attempt.key.run_id);
  return absl::OkStatus();
}

void RunTracker::WaitAgain(const Lease& lease, v1::AttemptState state, const std::string& reason,
                           RunRecord& record) const {
  record.run.set_reason(absl::StrCat("attempt ", lease.attempt.key.attempt, ": ", reason));
  const SweepEntry* sweep = context_.ledger.FindSweep(lease.sweep_id);
  if (sweep != nullptr && sweep->record.cancelling) {
    record.run.set_state(v1::RUN_STATE_CANCELLED);
  } else if (record.run.attempt() < record.attempt_limit) {
    record.run.set_state(v1::RUN_STATE_WAITING);
    record.run.clear_agent();
    record.run.clear_started_at();
  } else {
    record.run.set_state(state == v1::ATTEMPT_STATE_LOST ? v1::RUN_STATE_LOST
                                                         : v1::RUN_STATE_FAILED);
  }
}

bool RunTracker::SomebodyElseCan(const Lease& lease) const {
  const RunEntry* run = context_.ledger.FindRun(lease.attempt.key.run_id);
  const SweepEntry* sweep = context_.ledger.FindSweep(lease.sweep_id);
  if (run == nullptr || sweep == nullptr || !run->placed_on.empty()) return false;
  const auto names = context_.fleet.Matching(sweep->record.spec, true);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name != lease.attempt.agent; });
}

// Why the attempt is lost now; empty when it is not.
std::string RunTracker::Overdue(const Lease& lease) const {
  if (Now() < lease.deadline_ns) return "";
  const std::string& agent = lease.attempt.agent;
  if (lease.absent_since_ns == 0) {
    return absl::StrCat(
        agent, lease.attempt.accepted ? " no longer works on it" : " did not answer the offer");
  }
  const AgentEntry* entry = context_.fleet.Find(agent);
  if (entry == nullptr) return absl::StrCat(agent, " was removed");
  if (Now() - lease.absent_since_ns >= context_.options.absence_limit_ns) {
    return absl::StrCat(agent, " has been away for too long");
  }
  if (lease.cancel_requested) return absl::StrCat(agent, " is away, and the sweep was cancelled");
  if (SomebodyElseCan(lease)) return absl::StrCat(agent, " is away, and another agent takes over");
  return "";
}

void RunTracker::Tick() {
  std::vector<Lease> overdue;
  for (const auto& [run_id, lease] : leases_) {
    if (!Overdue(lease).empty()) overdue.push_back(lease);
  }
  for (const Lease& lease : overdue) {
    const std::string reason = Overdue(lease);
    const absl::Status status = End(lease, v1::ATTEMPT_STATE_LOST, reason, true);
    LogIfError(status, "record a lost attempt");
    AgentEntry* agent = context_.fleet.Find(lease.attempt.agent);
    if (status.ok() && agent != nullptr) SendCancel(*agent, lease.attempt.key, true);
  }
  for (auto it = refusals_.begin(); it != refusals_.end();) {
    const std::string run_id = it->first.substr(0, it->first.find('@'));
    it = context_.ledger.FindRun(run_id) == nullptr ? refusals_.erase(it) : std::next(it);
  }
}

absl::Status RunTracker::Cancel(const SweepEntry& sweep, LedgerChange& change) {
  for (const std::string& run_id : sweep.runs) {
    if (context_.ledger.FindRun(run_id)->state != v1::RUN_STATE_WAITING) continue;
    TJ_RETURN_IF_ERROR(change.SetRun(run_id, [](RunRecord& record) {
      record.run.set_state(v1::RUN_STATE_CANCELLED);
      record.run.set_reason("the sweep was cancelled");
    }));
  }
  return absl::OkStatus();
}

void RunTracker::StopRuns(const std::string& sweep_id, bool now) {
  for (auto& [run_id, lease] : leases_) {
    if (lease.sweep_id != sweep_id) continue;
    lease.cancel_requested = true;
    lease.cancel_now = lease.cancel_now || now;
    if (AgentEntry* agent = context_.fleet.Find(lease.attempt.agent)) {
      SendCancel(*agent, lease.attempt.key, lease.cancel_now);
    }
  }
}

std::string RunTracker::WaitingFor(const SweepEntry& sweep) const {
  const Ledger& ledger = context_.ledger;
  const v1::SweepCounts counts = ledger.Count(sweep);
  if (IsTerminal(sweep.record.state)) return "";
  const v1::SweepSpec& spec = sweep.record.spec;
  if (context_.fleet.Matching(spec, false).empty()) {
    return absl::StrCat("no agent matches ", DescribeSelection(spec));
  }
  if (!ledger.IsTrained(sweep)) return "";
  if (counts.runs_active() > 0) {
    for (const auto& [run_id, lease] : leases_) {
      if (lease.sweep_id == sweep.record.sweep_id && lease.absent_since_ns == 0) return "";
    }
    return "the agents that are measuring are away; their results come when they are back";
  }
  for (const auto& [key, refusal] : refusals_) {
    const RunEntry* run = context_.ledger.FindRun(key.substr(0, key.find('@')));
    if (run != nullptr && run->sweep_id == sweep.record.sweep_id) return refusal.reason;
  }
  if (context_.fleet.Matching(spec, true).empty()) {
    return absl::StrCat("every agent that matches ", DescribeSelection(spec),
                        " is away or cordoned");
  }
  return "agents that are busy, away or cordoned";
}

}  // namespace tinyjoule
