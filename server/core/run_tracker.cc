// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/run_tracker.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "server/core/agent_matching.h"
#include "server/core/log_if_error.h"
#include "server/core/timestamps.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxRefusalDoublings = 6;

std::string PhaseWord(v1::RunPhase phase) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::RunPhase_Name(phase), "RUN_PHASE_"));
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
