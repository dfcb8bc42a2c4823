// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_RUN_RECORDS_H_
#define SERVER_CORE_RUN_RECORDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/energy/attempt_key.h"
#include "tinyjoule/v1/fleet_service.pb.h"
#include "tinyjoule/v1/measurement.pb.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"
#include "tinyjoule/v1/training.pb.h"

// What a RunStore keeps, one struct per kind of record. Times are nanoseconds since the Unix epoch
// (UTC); 0 means "not yet".
namespace tinyjoule {

struct SweepRecord {
  std::string sweep_id;
  std::string name;
  // Over the parsed spec and the hashes of its files; (name, content_sha256) is the identity.
  std::string content_sha256;
  v1::SweepState state = v1::SWEEP_STATE_UNSPECIFIED;
  // CancelSweep was called: what is on may end, nothing new begins.
  bool cancelling = false;
  v1::SweepSpec spec;
  // The files that the sweep names; their bytes are artifacts.
  std::vector<v1::InputFile> inputs;
  int64_t created_utc_ns = 0;
  int64_t finished_utc_ns = 0;
  // Order of submission, from 1; filled by the store when it is 0.
  uint64_t order = 0;
};

// A unit of training work. Shared by every sweep that needs it.
struct TaskRecord {
  std::string task_id;
  // The task that makes the checkpoint; empty for a base task.
  std::string depends_on;
  v1::TaskState state = v1::TASK_STATE_UNSPECIFIED;
  // For people: "tinymlp / int8 / fold 2 / seed 42".
  std::string label;
  // Without local paths.
  v1::TrainingTask task;
  std::string reason;
  // Set when SUCCEEDED.
  v1::TrainingOutcome outcome;
  // The trainer's log on this machine; empty: none.
  std::string log_path;
};

// One point of one sweep. Its state is that of its task.
struct TrialRecord {
  std::string trial_id;
  std::string sweep_id;
  // Place in the expansion of the sweep, from 0.
  uint32_t position = 0;
  std::string task_id;
  // model, variant, fold, seed, parameters, sweep_id and trial_id; nothing else.
  v1::TrialSummary summary;
};

// One measured execution. `run` holds everything but `outcome`, which belongs to the trial's task
// (see LoadRun in run_store.h).
struct RunRecord {
  v1::Run run;
  std::string task_id;
  // Order of execution inside the sweep, from 0.
  uint32_t position = 0;
  // Attempts after this one are not made; RetrySweep raises it.
  uint32_t attempt_limit = 0;
};

struct AttemptRecord {
  AttemptKey key;
  std::string agent;
  // UNSPECIFIED while it is open; afterwards it never changes.
  v1::AttemptState state = v1::ATTEMPT_STATE_UNSPECIFIED;
  bool accepted = false;
  // Its complete result came after the attempt had ended: kept as SUPERSEDED data, never official.
  bool late_result = false;
  std::string reason;
  int64_t offered_utc_ns = 0;
  int64_t ended_utc_ns = 0;
};

// A durable event of a sweep. Live progress is not stored.
struct EventRecord {
  std::string sweep_id;
  // Given by the store: rises by one with every event of the sweep, from 1.
  uint64_t sequence = 0;
  // Without the sequence.
  v1::WatchSweepResponse event;
};

struct AgentRecord {
  std::string name;
  std::string installation_id;
  // Facts, labels, sensor and engines as the agent said them; nothing else.
  v1::Agent reported;
  // By LabelAgent; they win over the reported ones.
  std::map<std::string, std::string> set_labels;
  bool cordoned = false;
  int64_t last_seen_utc_ns = 0;
};

// Who needs an artifact, and as what.
struct ArtifactReference {
  std::string sha256;
  // A task id or a sweep id.
  std::string owner;
  // model | test_inputs | test_targets | predictions | input
  std::string role;
  uint64_t size_bytes = 0;
};

// A CreateSweep call that was answered.
struct RequestRecord {
  std::string request_id;
  std::string sweep_id;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_RUN_RECORDS_H_
