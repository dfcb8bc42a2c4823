// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The part of RunTracker that writes down what agents bring.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/core/job_spec.h"
#include "server/core/log_if_error.h"
#include "server/core/run_tracker.h"

namespace tinyjoule {

bool RunTracker::OnComplete(const AttemptKey& key, const v1::RunResult& result,
                            const v1::DeliveryCounters& delivery) {
  const bool official = IsOpen(key);
  const absl::Status status =
      official ? WriteResult(Lease(leases_.at(key.run_id)), result, delivery) : KeepLateResult(key);
  LogIfError(status, absl::StrCat("record the result of ", key.ToString()));
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
                                     const v1::DeliveryCounters& delivery) {
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
    *record.run.mutable_delivery() = delivery;
    Assemble(lease, record);
    attempt.reason = record.run.reason();
    attempt.state = AttemptStateOf(record.run.state());
  }));
  change.PutAttempt(attempt);
  return change.Commit();
}

void RunTracker::Assemble(const Lease& lease, RunRecord& record) {
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
  if (!run.assembly().valid()) {
    run.set_state(v1::RUN_STATE_INVALID);
    run.set_reason(FatalFlags(run.assembly()));
  }
}

}  // namespace tinyjoule
