// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The part of RunTracker that gives runs to agents.
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/core/agent_matching.h"
#include "server/core/job_spec.h"
#include "server/core/log_if_error.h"
#include "server/core/run_tracker.h"
#include "server/core/timestamps.h"

namespace tinyjoule {

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
    if (agent.session == nullptr || agent.record.cordoned || agent.calibrating) continue;
    if (LeaseOf(name) != nullptr) continue;
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

}  // namespace tinyjoule
