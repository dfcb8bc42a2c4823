// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_SWEEP_DESK_H_
#define SERVER_CORE_SWEEP_DESK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/artifact_store.h"
#include "server/core/coordinator_options.h"
#include "server/core/fleet.h"
#include "server/core/ledger_change.h"
#include "server/core/run_tracker.h"
#include "server/core/training_queue.h"
#include "server/core/watch_hub.h"

namespace tinyjoule {

// Takes sweeps in, cancels and retries them, and describes them. Core sequence.
class SweepDesk {
 public:
  struct Context {
    Ledger& ledger;
    Fleet& fleet;
    Clock& clock;
    WatchHub& hub;
    ArtifactStore& artifacts;
    TrainingQueue& training;
    RunTracker& tracker;
    const CoordinatorOptions& options;
  };
  explicit SweepDesk(const Context& context) : context_(context) {}
  SweepDesk(const SweepDesk&) = delete;
  SweepDesk& operator=(const SweepDesk&) = delete;

  absl::StatusOr<v1::CreateSweepResponse> Create(const v1::CreateSweepRequest& request);
  absl::StatusOr<v1::CancelSweepResponse> Cancel(const v1::CancelSweepRequest& request);
  absl::StatusOr<v1::RetrySweepResponse> Retry(const v1::RetrySweepRequest& request);
  absl::StatusOr<v1::ListSweepsResponse> List(const v1::ListSweepsRequest& request);
  absl::StatusOr<v1::ListTrialsResponse> ListTrials(const v1::ListTrialsRequest& request);
  absl::StatusOr<v1::Sweep> Describe(const std::string& sweep_id);
  // An id, a unique prefix of one, or a name (the newest). NotFound; InvalidArgument when several
  // ids begin so.
  absl::StatusOr<std::string> Resolve(const std::string& id_or_name);

  // Sweeps that run on every matching agent get runs for an agent that joins before their first
  // offer; later ones stay as they are, so that every agent measures the same.
  void OnAgentJoined();

 private:
  absl::StatusOr<v1::CreateSweepResponse> AnswerAgain(const std::string& sweep_id);
  absl::StatusOr<v1::CreateSweepResponse> CreateNew(const v1::CreateSweepRequest& request,
                                                    SweepRecord sweep);
  void AddWarnings(const v1::SweepSpec& spec, v1::CreateSweepResponse& response) const;
  absl::Status ReuseTasks(std::vector<TaskRecord>& tasks);
  absl::Status PlaceRuns(SweepEntry& sweep);
  v1::Sweep Describe(const SweepRecord& record, const v1::SweepCounts& counts) const;

  const Context context_;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_SWEEP_DESK_H_
