// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_RUN_TRACKER_H_
#define SERVER_CORE_RUN_TRACKER_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "server/core/artifact_store.h"
#include "server/core/coordinator_options.h"
#include "server/core/fleet.h"
#include "server/core/ledger_change.h"
#include "server/core/run_assembler_port.h"
#include "server/core/watch_hub.h"

namespace tinyjoule {

// Offers runs to agents and follows every attempt to its one terminal state.
//   offer -> accepted -> (all chunks are there) -> SUCCEEDED | FAILED | CANCELLED | INVALID
//     `-> declined: CANCELLED, offered again later, not counted
//     `-> not answered: LOST                      `-> not confirmed for a lease: LOST
// A lost attempt is followed by another one until the run's attempt_limit. While an agent is away
// its attempt is kept when nobody else could take the run: it may be measuring, and delivers when
// it is back. Core sequence.
class RunTracker {
 public:
  struct Context {
    Ledger& ledger;
    Fleet& fleet;
    Clock& clock;
    WatchHub& hub;
    ArtifactStore& artifacts;
    RunAssemblerPort& assembler;
    const CoordinatorOptions& options;
  };
  explicit RunTracker(const Context& context) : context_(context) {}
  RunTracker(const RunTracker&) = delete;
  RunTracker& operator=(const RunTracker&) = delete;

  // After a restart: the attempts that were open, all with a new lease.
  [[nodiscard]] absl::Status Restore();

  // Gives every free agent its next run. The attempt is committed before the offer leaves.
  void OfferRuns();
  void Stop() { stopped_ = true; }

  void OnAttached(AgentEntry& agent, const v1::Hello& hello);
  void OnGone(const AgentEntry& agent);
  // Any message of the agent: it lives, and so does what it is known to work on.
  void OnHeard(const AgentEntry& agent);
  void OnOfferReply(const AgentEntry& agent, const v1::OfferReply& reply);
  void OnProgress(const AgentEntry& agent, const v1::RunProgress& progress);
  // Chunks of the attempt were committed.
  void OnChunks(const AttemptKey& key);
  // The attempt is complete: every announced chunk is committed. False when it could not be written
  // down; call again later.
  bool OnComplete(const AttemptKey& key, const v1::RunResult& result,
                  const v1::DeliveryCounters& delivery);
  // Ends what has run out of time. Called about once a second.
  void Tick();

  // Waiting runs are cancelled as part of `change`; agents are told by StopRuns after its commit.
  [[nodiscard]] absl::Status Cancel(const SweepEntry& sweep, LedgerChange& change);
  void StopRuns(const std::string& sweep_id, bool now);

  // The run that the agent works on; empty when it is free.
  std::string ActiveRunOf(const std::string& agent) const;
  // Why nothing of the sweep moves; empty when something does.
  std::string WaitingFor(const SweepEntry& sweep) const;
  bool IsOpen(const AttemptKey& key) const;

 private:
  struct Lease {
    AttemptRecord attempt;
    std::string sweep_id;
    int64_t deadline_ns = 0;
    // 0 while the agent is connected.
    int64_t absent_since_ns = 0;
    // The agent has said, on this connection, that it works on it.
    bool confirmed = false;
    bool cancel_requested = false;
    bool cancel_now = false;
  };
  struct Refusal {
    int64_t not_before_ns = 0;
    uint32_t count = 0;
    std::string reason;
  };

  Lease* FindLease(const std::string& run_id, uint32_t attempt);
  Lease* LeaseOf(const std::string& agent);
  bool MayStart(const SweepEntry& sweep, const RunEntry& run, const std::string& agent) const;
  const RunEntry* NextRunFor(const AgentEntry& agent);
  const RunEntry* NextRunOf(const SweepEntry& sweep, const std::string& agent) const;
  absl::Status Offer(AgentEntry& agent, const std::string& run_id);
  void SendOffer(AgentEntry& agent, const Lease& lease);
  void SendCancel(AgentEntry& agent, const AttemptKey& key, bool now);
  absl::StatusOr<v1::JobSpec> MakeJob(const AttemptKey& key);
  absl::Status FailRun(const std::string& run_id, const std::string& reason);
  void Renew(Lease& lease);
  absl::Status Accept(Lease& lease);
  // Ends the attempt without a result; the run waits again or has failed for good.
  absl::Status End(const Lease& lease, v1::AttemptState state, const std::string& reason,
                   bool counts);
  void WaitAgain(const Lease& lease, v1::AttemptState state, const std::string& reason,
                 RunRecord& record) const;
  std::string Overdue(const Lease& lease) const;
  bool SomebodyElseCan(const Lease& lease) const;
  absl::Status KeepLateResult(const AttemptKey& key);
  absl::Status WriteResult(const Lease& lease, const v1::RunResult& result,
                           const v1::DeliveryCounters& delivery);
  void Assemble(const Lease& lease, RunRecord& record);
  int64_t Now() const { return context_.clock.MonotonicNs(); }

  const Context context_;
  // By run id: a run has one open attempt at most.
  std::map<std::string, Lease> leases_;
  std::map<std::string, Refusal> refusals_;
  bool stopped_ = false;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_RUN_TRACKER_H_
