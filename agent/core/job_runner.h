// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_JOB_RUNNER_H_
#define AGENT_CORE_JOB_RUNNER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/chunk_delivery.h"
#include "agent/core/coordinator_link.h"
#include "agent/core/measurement.h"
#include "agent/core/power_feed.h"
#include "agent/core/spool.h"
#include "common/base/task_runner.h"
#include "common/energy/attempt_key.h"

namespace tinyjoule {

// Takes offers, one at a time, and sees each through to a result in the spool.
//   1. Start(): what a crash interrupted gets a LOST result: the coordinator makes another attempt.
//   2. OnOffer(): answered at once. A repeated offer is accepted again and not run twice.
//   3. The measurement runs on its own sequence; its chunks go into the spool, then out.
//   4. Its result is the attempt's last chunk; the next offer may come, delivered or not.
// Lives on the core sequence. The measurement's sequence must be gone before this object is.
class JobRunner {
 public:
  struct Options {
    // The program of each engine that this agent has.
    std::map<v1::Engine, std::string> runner_programs;
    std::string runner_log_path;
    // As in MeasurementOptions.
    std::vector<int> runner_cpus = {};
    std::string marker = "";
    std::string cgroup_absent_reason = "";
  };
  // Everything outlives the job runner. samples: null when there is no sensor.
  struct Dependencies {
    TaskRunner& core;
    TaskRunner& measurement_sequence;
    Spool& spool;
    ChunkDelivery& delivery;
    CoordinatorLink& link;
    PowerFeed& power_feed;
    MeasurementDependencies measurement;
  };

  static constexpr int64_t kWriteRetryNs = 5'000'000'000;

  JobRunner(const Options& options, const Dependencies& dependencies);
  ~JobRunner();

  void Start();
  void OnOffer(const v1::Offer& offer);
  void OnCancel(const v1::CancelRun& cancel);
  // Ends a running measurement now, as lost, and takes no more offers.
  void Shutdown();

  bool busy() const { return active_ != nullptr; }
  // The attempt that is measured now; empty run_id: none.
  AttemptKey active_key() const;
  // Its last progress, for a coordinator that has just connected.
  void SendProgress();

 private:
  class Active;

  // OK, or why this job cannot run here.
  [[nodiscard]] absl::Status CheckOffer(const v1::JobSpec& job) const;
  [[nodiscard]] absl::Status Accept(const v1::JobSpec& job);
  bool IsKnown(const AttemptKey& key) const;
  bool UsesSensor(const v1::JobSpec& job) const;
  void Reply(const AttemptKey& key, const absl::Status& status);
  void OnMeasured(v1::RunResult result);
  // Until it is in the spool: a full disk may get room again.
  void WriteResult(const AttemptKey& key, v1::RunResult result);
  void Forget(const AttemptKey& key);

  const Options options_;
  const Dependencies dependencies_;
  std::unique_ptr<Active> active_;
  int64_t last_load_ns_ = 0;
  bool stopping_ = false;
  // Attempts whose result was written, newest last: an offer may come once more after its
  // acknowledgement.
  std::deque<AttemptKey> finished_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_JOB_RUNNER_H_
